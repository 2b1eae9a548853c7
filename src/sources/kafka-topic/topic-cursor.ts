/** The cursor of a Kafka partition: the topic by its id, and the offset of the next record. Pure. */
import { UserError } from '../../errors.ts'
import type { LostEvents } from '../_source.ts'

export interface TopicCursor {
  /** A topic that was deleted and created again has another id. */
  readonly topicId: string
  readonly offset: number
}

/** The cursor behind a record that a person named by its offset. */
export function cursorBehindOffset(position: string, present: string): string {
  const { topicId, offset } = decodeTopicCursor(present)
  const named = /^\d{1,15}$/.test(position) ? Number(position) : -1
  if (named >= offset) return encodeTopicCursor({ topicId, offset: named + 1 })
  throw new UserError(`invalid position "${position}"`, {
    code: 'invalid-argument',
    hint: `name an offset from ${offset} on, which is read next`,
  })
}

export interface PartitionEnds {
  readonly topicId: string
  /** The offset of the oldest record. */
  readonly first: number
  /** The offset behind the last record that can be read. */
  readonly end: number
}

export interface ResumedTopic {
  readonly cursor: TopicCursor
  readonly lost: LostEvents | null
}

/** The offset comes first: a list in a terminal cuts the end. */
export function encodeTopicCursor({ topicId, offset }: TopicCursor): string {
  return JSON.stringify({ offset, topicId })
}

export function decodeTopicCursor(text: string): TopicCursor {
  return JSON.parse(text) as TopicCursor
}

/** Where reading goes on, and what the topic has no more. */
export function resumeTopic(cursor: TopicCursor, { topicId, first, end }: PartitionEnds): ResumedTopic {
  const oldest = { topicId, offset: first }
  if (cursor.topicId !== topicId) {
    const message = `the topic of the cursor (id ${cursor.topicId}) was replaced by one with the id ${topicId}; reading goes on at offset ${first}`
    return { cursor: oldest, lost: { code: 'recreated', message } }
  }
  if (cursor.offset > end) {
    const message = `the partition ends at offset ${end}, before offset ${cursor.offset} that was reached: it lost records or was restored from an older state; reading goes on at its end`
    return { cursor: { topicId, offset: end }, lost: { code: 'recreated', message } }
  }
  const gone = first - cursor.offset
  if (gone <= 0) return { cursor, lost: null }
  const message = `up to ${gone} records from offset ${cursor.offset} on were removed before they were read; reading goes on at offset ${first}`
  return { cursor: oldest, lost: { code: 'expired', message } }
}

/** The cursor of a JetStream partition: the stream by its time of creation, and the last message that was read. Pure. */
import { UserError } from '../../errors.ts'

export interface StreamCursor {
  /** A stream that was deleted and created again has another time. */
  readonly created: string
  readonly seq: number
}

/** The cursor behind a message that a person named by its number. */
export function cursorBehind(position: string, present: string): string {
  const { created, seq } = decodeCursor(present)
  const named = /^\d{1,15}$/.test(position) ? Number(position) : 0
  if (named > seq) return encodeCursor({ created, seq: named })
  throw new UserError(`invalid position "${position}"`, {
    code: 'invalid-argument',
    hint: `name the number of a message above ${seq}, which was read before`,
  })
}

export interface StreamEnds {
  readonly created: string
  readonly firstSeq: number
  readonly lastSeq: number
}

export interface Resumed {
  readonly cursor: StreamCursor
  readonly lost: { readonly code: 'expired' | 'recreated'; readonly message: string } | null
}

/** The number comes first: a list in a terminal cuts the end. */
export function encodeCursor({ created, seq }: StreamCursor): string {
  return JSON.stringify({ seq, created })
}

export function decodeCursor(text: string): StreamCursor {
  return JSON.parse(text) as StreamCursor
}

/** Where reading goes on, and what the stream has no more. */
export function resume(cursor: StreamCursor, { created, firstSeq, lastSeq }: StreamEnds): Resumed {
  const oldest = { created, seq: Math.max(0, firstSeq - 1) }
  if (cursor.created !== created) {
    const message = `the stream of the cursor (created ${cursor.created}) was replaced by one that was created ${created}; reading goes on at its first message`
    return { cursor: oldest, lost: { code: 'recreated', message } }
  }
  if (cursor.seq > lastSeq) {
    const message = `the stream ends at message ${lastSeq}, before message ${cursor.seq} that was read: it was restored from an older state; reading goes on at its end`
    return { cursor: { created, seq: lastSeq }, lost: { code: 'recreated', message } }
  }
  const gone = firstSeq - 1 - cursor.seq
  if (gone <= 0) return { cursor, lost: null }
  const message = `up to ${gone} messages behind ${cursor.seq} were removed before they were read; reading goes on at message ${firstSeq}`
  return { cursor: oldest, lost: { code: 'expired', message } }
}

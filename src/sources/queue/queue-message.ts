/** Makes the events of a message of a queue. Pure. */
import type { FramedEvent } from '../_source.ts'
import { START_POSITION } from '../framing/frame.ts'
import { Framer, frameWhole } from '../framing/framer.ts'
import type { QueueMessage } from './sqs-client.ts'

interface MessageRules {
  readonly eventBytes: number
  readonly unwrap: string | null
}

const MAX_MESSAGE_EVENTS = 100_000

/** A message that is delivered again has the same id, so that its events are recognized. */
export function eventsOfMessage({ MessageId, Body }: QueueMessage, rules: MessageRules): FramedEvent[] {
  const frames = frameWhole(Buffer.from(Body), new Framer(rules, START_POSITION), MAX_MESSAGE_EVENTS)
  const framed = frames ?? [{ raw: '', refused: `the message exceeds ${MAX_MESSAGE_EVENTS} events` }]
  return framed.map(({ raw, refused }, i) => ({
    raw,
    ...(refused !== undefined && { refused }),
    position: `message ${MessageId}, event ${i + 1}`,
    dedupId: `sqs:${MessageId}:${i}`,
    dedupByRowId: true,
  }))
}

/**
 * True for a notification about objects of S3: direct, through SNS, or of EventBridge. Its events are in the objects, and
 * deleting it would lose them.
 */
export function isObjectNotification({ Body }: Pick<QueueMessage, 'Body'>): boolean {
  const value = parsed(Body)
  const inner = typeof value?.Message === 'string' ? parsed(value.Message) : null
  return [value, inner].some((each) => each !== null && (isDirect(each) || isOfEventBridge(each)))
}

type Json = Readonly<Record<string, unknown>>

function isDirect({ Records, Event }: Json): boolean {
  if (Event === 's3:TestEvent') return true
  const first: unknown = Array.isArray(Records) ? Records[0] : null
  return isObject(first) && first.eventSource === 'aws:s3' && isObject(first.s3)
}

function isOfEventBridge({ source, detail }: Json): boolean {
  return source === 'aws.s3' && isObject(detail) && isObject(detail.object)
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

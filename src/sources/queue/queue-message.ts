/** Decides what a message of a queue is: events, a notification about objects of S3, or events through SNS. Pure. */
import type { FramedEvent } from '../_source.ts'
import { excerptOf, START_POSITION } from '../framing/frame.ts'
import { Framer, frameWhole } from '../framing/framer.ts'
import { type NamedObject, notificationIn } from '../objects/object-notification.ts'
import type { QueueMessage } from './sqs-client.ts'

interface MessageRules {
  readonly eventBytes: number
  readonly unwrap: string | null
  /** True when a body is the event whatever it contains. */
  readonly readsBodies: boolean
}

export type MessageContent =
  | { readonly kind: 'events'; readonly events: readonly FramedEvent[] }
  | { readonly kind: 'objects'; readonly objects: readonly NamedObject[] }

const MAX_MESSAGE_EVENTS = 100_000

export function contentOf(message: QueueMessage, rules: MessageRules): MessageContent {
  const { MessageId, Body } = message
  if (rules.readsBodies) return { kind: 'events', events: eventsOf(MessageId, Body, rules) }
  const notification = notificationIn(Body)
  if (notification?.kind === 'objects') return notification
  if (notification?.kind === 'invalid') {
    const refused = { raw: excerptOf(Buffer.from(Body)), refused: notification.reason }
    return { kind: 'events', events: [eventOf(MessageId, refused, 0)] }
  }
  return { kind: 'events', events: eventsOf(MessageId, textOfSns(Body, rules) ?? Body, rules) }
}

/** A message that is delivered again has the same id, so that its events are recognized. */
function eventsOf(id: string, text: string, rules: MessageRules): FramedEvent[] {
  const frames = frameWhole(Buffer.from(text), new Framer(rules, START_POSITION), MAX_MESSAGE_EVENTS)
  const framed = frames ?? [{ raw: '', refused: `the message exceeds ${MAX_MESSAGE_EVENTS} events` }]
  return framed.map((each, i) => eventOf(id, each, i))
}

function eventOf(id: string, { raw, refused }: { raw: string; refused?: string }, i: number): FramedEvent {
  return {
    raw,
    ...(refused !== undefined && { refused }),
    position: `message ${id}, event ${i + 1}`,
    dedupId: `sqs:${id}:${i}`,
    dedupByRowId: true,
  }
}

/** Returns the text that SNS wraps. A path of unwrap that begins with `Message` leads through the wrapping itself. */
function textOfSns(body: string, { unwrap }: MessageRules): string | null {
  if (unwrap !== null && unwrap.split('.')[0] === 'Message') return null
  try {
    const { Type, TopicArn, Message } = JSON.parse(body) as Readonly<Record<string, unknown>>
    return Type === 'Notification' && typeof TopicArn === 'string' && typeof Message === 'string'
      ? Message
      : null
  } catch {
    return null
  }
}

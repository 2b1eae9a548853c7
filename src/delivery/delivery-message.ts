/**
 * Builds the message for a destination from the alert's row. The notification was frozen with the alert. Its JSON text
 * stays exact but for half characters, which no receiver can read; the texts for people are made readable here, before
 * any type gets them.
 */
import type { JsonText } from '../core/exact-json.ts'
import { readableText, wellFormedJson } from '../core/readable-text.ts'
import type { DestinationType, Message } from '../destinations/_destination.ts'
import type { Notification } from '../model/alerts/alert.ts'
import type { AlertRow } from '../store/store.ts'

interface DeliveryContext {
  /** The destination's name. */
  readonly destination: string
  /** The idempotency key: the same on every attempt. */
  readonly deliveryId: string
  readonly at: number
  /** An earlier attempt may have succeeded. */
  readonly repeated: boolean
  /** Marks the title, for example of an alert that is sent again by hand. */
  readonly titlePrefix?: string
  /** Whether the hook of the destination is configured. */
  readonly isAnswerable?: boolean
}

/** An alert, or those of a digest as one. */
export interface SentAlert extends Pick<AlertRow, 'notification' | 'reference'> {
  /** The JSON of a digest, for types that send it instead of the notification. */
  readonly digest?: JsonText
}

export function buildMessage(
  { notification: frozen, reference, digest }: SentAlert,
  { destination, deliveryId, at, repeated, titlePrefix = '', isAnswerable = false }: DeliveryContext,
  { digest: form }: Pick<DestinationType, 'digest'> = {},
): Message {
  const json = wellFormedJson(markTitle(frozen, titlePrefix))
  const notification = readableNotification(JSON.parse(json) as Notification)
  return {
    destination,
    notification,
    json: digest !== undefined && form === 'json' ? digest : json,
    reference: readableText(reference),
    title: notification.title,
    body: null,
    payload: null,
    idempotencyKey: deliveryId,
    repeated,
    at,
    ...(isAnswerable && { isAnswerable }),
  }
}

/** The context stays as it is: a type formats it from the JSON text. */
function readableNotification(notification: Notification): Notification {
  const { alertContext: _, tags, ...texts } = notification
  const readable = Object.entries(texts).map(([key, text]) => [key, readableText(text)])
  return { ...notification, ...Object.fromEntries(readable), tags: tags.map(readableText) }
}

/** Inserts the prefix into the JSON text, so that the rest stays exact. Quotes inside of a JSON string are escaped. */
export function markTitle(notification: JsonText, prefix: string): JsonText {
  const escaped = JSON.stringify(prefix).slice(1, -1)
  return escaped ? notification.replace(',"title":"', () => `,"title":"${escaped}`) : notification
}

/** Limits the size of a notification that is sent as a whole. */
import { type JsonText, parseExact } from '../../core/exact-json.ts'
import type { Message } from '../_destination.ts'
import type { Truncation } from './truncate.ts'

/** Returns the payload of a template unchanged, or the notification, without its context when it is too large. */
export function notificationWithin(message: Message, truncation: Truncation, limitBytes: number): JsonText {
  return truncation.fullest(limitBytes, () => message.payload ?? message.json, {
    without: 'the alert context',
    build: () => message.payload ?? JSON.stringify(withoutContext(message)),
  })
}

export function withoutContext({ json }: Message): object {
  const {
    alertContext: _,
    alerts,
    ...whole
  } = parseExact(json) as WithContext & {
    readonly alerts?: readonly WithContext[]
  }
  if (alerts === undefined) return whole
  return { ...whole, alerts: alerts.map((alert) => ({ ...alert, alertContext: undefined })) }
}

interface WithContext {
  readonly alertContext?: unknown
}

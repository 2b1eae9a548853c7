/** The notification as the whole of what is sent: its text as it is, within the limit of whoever takes it. */
import { type JsonText, parseExact } from '../../core/exact-json.ts'
import type { Message } from '../_destination.ts'
import type { Truncation } from './truncate.ts'

/** What a template made of it stands as it is; the notification goes without its context before it is refused. */
export function notificationWithin(message: Message, truncation: Truncation, limitBytes: number): JsonText {
  return truncation.fullest(limitBytes, () => message.payload ?? message.json, {
    without: 'the alert context',
    build: () => message.payload ?? JSON.stringify(withoutContext(message)),
  })
}

export function withoutContext({ json }: Message): object {
  const { alertContext: _, ...lean } = parseExact(json) as { alertContext?: unknown }
  return lean
}

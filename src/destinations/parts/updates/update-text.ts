/** Says in plain text what happened to an alert. */
import { PermanentError } from '../../../errors.ts'
import { UPDATE_EVENTS, type UpdateEvent } from '../../../model/alerts/alert-update.ts'
import type { Update } from '../../_destination.ts'

const SENTENCES: Record<UpdateEvent, (update: Update) => string> = {
  repeated: ({ eventCount }) => `The alert has ${eventCount} events now.`,
  escalated: ({ severity }) => `The severity is ${severity} now.`,
  acknowledged: ({ actor }) => `Acknowledged by ${actor}.`,
  reopened: ({ actor }) => `Reopened by ${actor}.`,
  resolved: ({ actor, closedReason }) => `Resolved by ${actor}: ${closedReason}.`,
  commented: ({ actor }) => `Comment by ${actor}:`,
}

/** What a message that is edited can show: the next edit would replace a comment. */
export const MESSAGE_EVENTS: readonly UpdateEvent[] = UPDATE_EVENTS.filter((event) => event !== 'commented')

export function unknownMessage(): PermanentError {
  return new PermanentError('the message is not known, because an earlier version or another type sent it', {
    scope: 'delivery',
  })
}

/** One line for each event, and the notes after them. */
export function updateText(update: Update): string {
  const lines = update.events.map((event) => SENTENCES[event](update))
  return [...lines, update.note].filter(Boolean).join('\n')
}

/** Marks the title with the status; an open alert has no mark. */
export function titleWithStatus({ title, status }: Update): string {
  const mark = { open: '', acknowledged: '[Acknowledged] ', resolved: '[Resolved] ' }[status]
  return mark + title
}

/** Updates for receivers of the exact notification: it is sent again, with one more key that says what happened. */
import type { JsonText } from '../../../core/exact-json.ts'
import { UPDATE_EVENTS } from '../../../model/alerts/alert-update.ts'
import type { Message, Outgoing, Update, UpdateSupport } from '../../_destination.ts'

interface TemplatedOptions {
  readonly template?: { readonly payload?: unknown }
}

/** @param request builds the request of an alert. */
export function notificationUpdates<O>(
  request: (message: Message, options: O) => Outgoing,
): UpdateSupport<O> {
  return {
    events: UPDATE_EVENTS,
    unavailable: (options) =>
      (options as TemplatedOptions).template?.payload === undefined
        ? undefined
        : 'the template of the payload replaces the notification, to which an update is added',
    *exchange(update, options) {
      return (yield request({ ...update, json: jsonWithUpdate(update) }, options)).receipt
    },
  }
}

/** Adds the key to the text, because the numbers of the notification must keep all digits. */
function jsonWithUpdate(update: Update): JsonText {
  const { events, status, closedReason, actor, note, severity, eventCount, firstKey } = update
  const shown = { events, status, closedReason, actor, note, severity, eventCount, of: firstKey }
  return `${update.json.replace(/\s*\}\s*$/, '')},"update":${JSON.stringify(shown)}}`
}

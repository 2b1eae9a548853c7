/** Sends an alert again by hand: new deliveries, told from the first ones by their reason and the alert's title. Pure. */

import type { JsonText } from '../core/exact-json.ts'
import { hashId } from '../model/alerts/alert.ts'
import { type Destination, destinationKey } from '../model/project/destination.ts'
import type { DeliveryRow, NewDelivery } from '../store/store.ts'

const REASON = 're-sent'
const TITLE_PREFIX = '[Re-sent]: '

export function resend(alertId: string, recipients: readonly Destination[], now: number): NewDelivery[] {
  return recipients.map((recipient) => {
    const key = destinationKey(recipient)
    // Another key than the first delivery's: the provider shall not take it for the same.
    const id = hashId('resend', alertId, key, now)
    return {
      id,
      alertId,
      destinationKey: key,
      destination: recipient.name,
      due: now,
      createdAt: now,
      reason: REASON,
    }
  })
}

export function isResend({ reason }: Pick<DeliveryRow, 'reason'>): boolean {
  return reason === REASON
}

/** Puts the prefix into the text itself, for the rest of it shall stay as it is. Within a text no quote stands bare. */
export function markAsResend(notification: JsonText): JsonText {
  return notification.replace(',"title":"', `,"title":"${TITLE_PREFIX}`)
}

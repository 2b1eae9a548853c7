/** Creates deliveries that send an alert again by hand. Their reason and the alert's title mark them. Pure. */

import { hashId } from '../model/alerts/alert.ts'
import { type Destination, destinationKey } from '../model/project/destination.ts'
import type { DeliveryRow, NewDelivery } from '../store/store.ts'

const REASON = 're-sent'
/** Marks the title of an alert that is sent again. */
export const RESEND_TITLE_PREFIX = '[Re-sent]: '

export function resend(alertId: string, recipients: readonly Destination[], now: number): NewDelivery[] {
  return recipients.map((recipient) => {
    const key = destinationKey(recipient)
    // The key differs from the first delivery's, so that the provider does not drop it as a duplicate.
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

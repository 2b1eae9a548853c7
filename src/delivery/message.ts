/** Builds what a destination is given from the alert's row. The notification was frozen with the alert. */
import type { Message } from '../destinations/_destination.ts'
import type { Notification } from '../model/alert.ts'
import type { AlertRow } from '../store/store.ts'

/** `deliveryId` is the idempotency key: the same on every attempt. */
export function buildMessage(
  alert: Pick<AlertRow, 'notification' | 'reference'>,
  destination: string,
  deliveryId: string,
  at: number,
): Message {
  return {
    destination,
    notification: JSON.parse(alert.notification) as Notification,
    json: alert.notification,
    reference: alert.reference,
    idempotencyKey: deliveryId,
    at,
  }
}

/** Builds the message for a destination from the alert's row. The notification was frozen with the alert. */
import type { Message } from '../destinations/_destination.ts'
import type { Notification } from '../model/alerts/alert.ts'
import type { AlertRow } from '../store/store.ts'
import { markAsResend } from './resend.ts'

interface DeliveryContext {
  /** The destination's name. */
  readonly destination: string
  /** The idempotency key: the same on every attempt. */
  readonly deliveryId: string
  readonly at: number
  /** An earlier attempt may have succeeded. */
  readonly repeated: boolean
  /** The alert is sent again by hand, and its title says so. */
  readonly resent?: boolean
}

export function buildMessage(
  { notification: frozen, reference }: Pick<AlertRow, 'notification' | 'reference'>,
  { destination, deliveryId, at, repeated, resent = false }: DeliveryContext,
): Message {
  const json = resent ? markAsResend(frozen) : frozen
  const notification = JSON.parse(json) as Notification
  const { title } = notification
  return {
    destination,
    notification,
    json,
    reference,
    title,
    body: null,
    payload: null,
    idempotencyKey: deliveryId,
    repeated,
    at,
  }
}

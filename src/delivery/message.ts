/** Builds what a destination is given from the alert's row. The notification was frozen with the alert. */
import type { Message } from '../destinations/_destination.ts'
import type { Notification } from '../model/alert.ts'
import type { AlertRow } from '../store/store.ts'

export interface Occasion {
  /** The destination's name. */
  readonly destination: string
  /** The idempotency key: the same on every attempt. */
  readonly deliveryId: string
  readonly at: number
  /** An earlier attempt may have been carried out. */
  readonly repeated: boolean
}

export function buildMessage(
  { notification: json, reference }: Pick<AlertRow, 'notification' | 'reference'>,
  { destination, deliveryId, at, repeated }: Occasion,
): Message {
  const notification = JSON.parse(json) as Notification
  const { title } = notification
  return {
    destination,
    notification,
    json,
    reference,
    title,
    body: null,
    idempotencyKey: deliveryId,
    repeated,
    at,
  }
}

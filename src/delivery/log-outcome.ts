/** Logs and counts the outcome of an attempt. */
import type { Destination } from '../model/project/destination.ts'
import type { ClaimedDelivery, DeliveryOutcome, DestinationState } from '../store/store.ts'
import type { DeliveryPorts } from './delivery-ports.ts'

export function logOutcome(
  ports: Pick<DeliveryPorts, 'log' | 'metrics'>,
  task: { readonly claimed: ClaimedDelivery; readonly destination: Destination },
  outcome: DeliveryOutcome,
  recorded: boolean,
  state: DestinationState,
): void {
  const { id, reason: route } = task.claimed.delivery
  const destination = task.destination.name
  const message = outcome.attempt?.message
  const fields = { destination, delivery: id, alerts: task.claimed.delivery.alertIds, route, message }
  ports.metrics.count('signalbox_deliveries_total', {
    destination,
    outcome: recorded ? outcome.state : 'lease-lost',
  })
  if (!recorded) ports.log.warn(fields, 'the lease was lost; another daemon decides')
  else if (outcome.state === 'dead') ports.log.error(fields, 'delivery is dead')
  else if (outcome.state === 'waiting')
    ports.log.warn({ ...fields, ...waitOf(outcome.due, state) }, 'delivery waits')
  else ports.log.info(fields, 'delivered')
}

/** Describes what the delivery waits for. */
function waitOf(due: number, { pausedAt, heldUntil = null }: DestinationState): object {
  if (pausedAt !== null) return { until: 'its destination is resumed' }
  return { until: new Date(Math.max(due, heldUntil ?? 0)).toISOString() }
}

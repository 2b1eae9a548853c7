/** Gives the alerts of a lost delivery to the fallback destinations: once, and never in a circle. Pure. */
import { deliveryId } from '../model/alerts/alert.ts'
import { destinationKey, type Registry } from '../model/project/destination.ts'
import type { DeliveryRow, NewDelivery } from '../store/store.ts'

/** Reasons of what was handed over begin so. */
export const FALLBACK_REASON_PREFIX = 'fallback: '

/** Deliveries that were themselves handed over go to nobody: their reason says so. */
function isFallbackDelivery(delivery: Pick<DeliveryRow, 'reason'>): boolean {
  return delivery.reason.startsWith(FALLBACK_REASON_PREFIX)
}

export function createFallbackDeliveries(
  registry: Pick<Registry, 'destinations' | 'fallback'>,
  lost: Pick<DeliveryRow, 'reason' | 'destinationKey' | 'alertIds'>,
  why: string,
  now: number,
): NewDelivery[] {
  if (isFallbackDelivery(lost)) return []
  const recipients = registry.fallback.flatMap((name) =>
    registry.destinations.filter(
      (each) => each.name === name && each.enabled && destinationKey(each) !== lost.destinationKey,
    ),
  )
  return lost.alertIds.flatMap((alertId) =>
    recipients.map((recipient) => ({
      id: deliveryId(alertId, destinationKey(recipient)),
      alertId,
      destinationKey: destinationKey(recipient),
      destination: recipient.name,
      due: now,
      createdAt: now,
      reason: `${FALLBACK_REASON_PREFIX}${why}`,
    })),
  )
}

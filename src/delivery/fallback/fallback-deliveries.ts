/** Creates deliveries to the fallback destinations for the alerts of a lost delivery: once, and never in a circle. Pure. */
import { deliveryId, hashId } from '../../model/alerts/alert.ts'
import { type Destination, destinationKey, type Registry } from '../../model/project/destination.ts'
import type { DeliveryRow, NewDelivery } from '../../store/store.ts'

/** The reason of a fallback delivery begins with this text. */
export const FALLBACK_REASON_PREFIX = 'fallback: '

/** A fallback delivery has no fallback of its own, and an update concerns only the destination that has the alert. */
function hasFallback({ kind, reason }: Pick<DeliveryRow, 'kind' | 'reason'>): boolean {
  return kind !== 'update' && !isFallbackDelivery({ reason })
}

function isFallbackDelivery(delivery: Pick<DeliveryRow, 'reason'>): boolean {
  return delivery.reason.startsWith(FALLBACK_REASON_PREFIX)
}

/** The fallback destinations of another destination, which is never its own. */
export function fallbackOf(
  { destinations, fallback }: Pick<Registry, 'destinations' | 'fallback'>,
  key: string,
): Destination[] {
  return fallback.flatMap((name) =>
    destinations.filter((each) => each.name === name && each.enabled && destinationKey(each) !== key),
  )
}

export function createFallbackDeliveries(
  registry: Pick<Registry, 'destinations' | 'fallback'>,
  lost: Pick<DeliveryRow, 'id' | 'kind' | 'reason' | 'destinationKey' | 'alertIds'>,
  why: string,
  now: number,
): NewDelivery[] {
  if (!hasFallback(lost)) return []
  const recipients = fallbackOf(registry, lost.destinationKey)
  return lost.alertIds.flatMap((alertId) =>
    recipients.map((recipient) => ({
      id: deliveryId(alertId, destinationKey(recipient)),
      alertId,
      destinationKey: destinationKey(recipient),
      destination: recipient.name,
      due: now,
      createdAt: now,
      reason: `${FALLBACK_REASON_PREFIX}${why}`,
      ...gatheredAgain(lost, alertId, recipient, now),
    })),
  )
}

/** A lost digest is handed over as a digest. */
function gatheredAgain(
  { id, kind }: Pick<DeliveryRow, 'id' | 'kind'>,
  alertId: string,
  recipient: Destination,
  now: number,
): Pick<NewDelivery, 'gather'> {
  if (kind !== 'digest') return {}
  const key = hashId('fallback', id, destinationKey(recipient))
  return { gather: { key, id: hashId('digest', key, alertId), windowMs: 0, after: 0, due: now } }
}

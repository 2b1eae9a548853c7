/** The deliveries of an alert after its handling was decided. Pure. */
import { deliveryId, hashId } from '../../model/alerts/alert.ts'
import type { PlannedSend } from '../../model/alerts/handling.ts'
import type { Registry } from '../../model/project/destination.ts'
import { recipientOf } from '../../routing/recipient.ts'
import type { NewDelivery } from '../../store/store.ts'

interface Sent {
  readonly registry: Registry
  readonly reason: string
  /** The time at which the event was counted. */
  readonly at: number
  /** The time of the decision. */
  readonly now: number
}

export function plannedDeliveries(
  alertId: string,
  sends: readonly PlannedSend[],
  { registry, reason, at, now }: Sent,
): NewDelivery[] {
  return sends.flatMap((send) => {
    if (send.how === 'none') return []
    const { key, name } = recipientOf(registry, send.destination)
    const common = { id: deliveryId(alertId, key), alertId, destinationKey: key, destination: name, reason }
    if (send.how === 'digest') return [{ ...common, ...gathered(alertId, key, send, now) }]
    const held = send.how === 'at' ? { due: send.at, notBefore: send.at, createdAt: send.at } : null
    return [{ ...common, ...(held ?? { due: at, createdAt: at }), ...grouped(alertId, key, send, now) }]
  })
}

/** A storm is one page and one update in so long. */
const GROUP_UPDATE_DELAY_MS = 60_000

/** What joins a page is gathered for a moment and sent as an update of it. */
function grouped(
  alertId: string,
  destinationKey: string,
  send: Extract<PlannedSend, { how: 'now' | 'at' }>,
  now: number,
): Pick<NewDelivery, 'gather'> {
  if (send.group === undefined) return {}
  const { by, forMs } = send.group
  const heldUntil = send.how === 'at' ? send.at : null
  const key = hashId('group', destinationKey, heldUntil ?? '', ...by)
  const due = (heldUntil ?? now) + Math.min(forMs, GROUP_UPDATE_DELAY_MS)
  return { gather: { key, id: hashId('digest', key, alertId), windowMs: forMs, after: 1, due, pages: true } }
}

/** Digests that wait for different openings are different digests. */
function gathered(
  alertId: string,
  destinationKey: string,
  { digest: { by, everyMs, after }, at }: Extract<PlannedSend, { how: 'digest' }>,
  now: number,
): Pick<NewDelivery, 'due' | 'createdAt' | 'gather' | 'notBefore'> {
  const key = hashId('gather', destinationKey, at ?? '', ...by)
  const gather = {
    key,
    id: hashId('digest', key, alertId),
    windowMs: everyMs,
    after,
    due: at ?? now + everyMs,
  }
  return { due: now, createdAt: now, gather, ...(at !== undefined && { notBefore: at }) }
}

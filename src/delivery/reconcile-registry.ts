/** Reconciles the store with a registry: follows renames, orphans deliveries of removed destinations, creates fallbacks. */

import { destinationKey, type Registry } from '../model/project/destination.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type Store, type UpdateSubscription } from '../store/store.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import { createFallbackDeliveries, FALLBACK_REASON_PREFIX } from './fallback/fallback-deliveries.ts'

/** The limit bounds how long one commit blocks the event loop. */
const MAX_PER_COMMIT = 500

/** @param cluster what the other daemons must know of this one. */
export async function reconcileWithRegistry(
  registry: Registry,
  cluster: ReturnType<DeliveryPorts['cluster']>,
  { store, clock, log }: Pick<DeliveryPorts, 'store' | 'clock' | 'log'>,
): Promise<void> {
  const { orphaned, adopted, isNewest } = await store.reconcile({
    knownKeys: registry.destinations.map(destinationKey),
    renames: registry.destinations.flatMap(renames),
    subscriptions: subscriptionsOf(registry),
    ...cluster,
  })
  if (adopted > 0) log.info({ adopted }, 'deliveries follow their renamed destinations')
  if (orphaned > 0) log.warn({ orphaned }, 'deliveries of removed destinations are orphaned')
  // The fallback of an older project is not that of the orphans.
  if (isNewest) await createOrphanFallbacks(store, registry, clock.now())
}

/** A destination that got an id later keeps the deliveries that wait under its name. */
function renames({ id, name, previousNames }: Registry['destinations'][number]) {
  const from = id === null ? previousNames : [name, ...previousNames]
  return from.map((previous) => ({ from: previous, to: id ?? name, name }))
}

/** An alert that was delivered under an earlier name of a destination is updated at the present one. */
function subscriptionsOf({ destinations }: Registry): UpdateSubscription[] {
  const known = new Set(destinations.map(destinationKey))
  return destinations.flatMap((destination) => {
    const { name, updates: events, repeatEveryMs } = destination
    if (events.length === 0) return []
    const key = destinationKey(destination)
    const earlier = renames(destination).flatMap(({ from }) => (known.has(from) ? [] : from))
    return [...new Set([key, ...earlier])].map((firstKey) => {
      return { firstKey, destinationKey: key, destination: name, events, repeatEveryMs }
    })
  })
}

/** Reads all orphans, not only new ones: a crash after the reconciliation must not lose their fallback deliveries. */
async function createOrphanFallbacks(store: Store, registry: Registry, now: number): Promise<void> {
  const { orphaned } = await store.countDeliveries(['orphaned'])
  if (orphaned === 0 || registry.fallback.length === 0) return
  const orphans = await store.deliveries({
    states: ['orphaned'],
    kind: 'single',
    unlessBeside: FALLBACK_REASON_PREFIX,
    limit: orphaned,
  })
  const deliveries = orphans.flatMap((orphan) =>
    createFallbackDeliveries(registry, orphan, `${orphan.destination} is no longer declared`, now),
  )
  for (let from = 0; from < deliveries.length; from += MAX_PER_COMMIT) {
    const part = deliveries.slice(from, from + MAX_PER_COMMIT)
    await store.commit({ ...EMPTY_PLAN, deliveries: part }, NOTHING_EXPECTED)
  }
}

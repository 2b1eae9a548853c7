/** Reconciles the store with a registry: follows renames, orphans deliveries of removed destinations, sends them to the fallback. */

import { destinationKey, type Registry } from '../model/project/destination.ts'
import type { UpdateSubscription } from '../store/store.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import type { OrphanFallbacks } from './fallback/orphan-fallbacks.ts'

const STEPS_PER_REPORT = 20

interface ReconcilePorts extends Pick<DeliveryPorts, 'store' | 'log'> {
  readonly fallbacks: OrphanFallbacks
  /** It ends the reconciliation between two steps. */
  readonly stop: AbortSignal
}

/** @param cluster what the other daemons must know of this one. */
export async function reconcileWithRegistry(
  registry: Registry,
  cluster: ReturnType<DeliveryPorts['cluster']>,
  { store, log, fallbacks, stop }: ReconcilePorts,
): Promise<void> {
  const request = {
    knownKeys: registry.destinations.map(destinationKey),
    renames: registry.destinations.flatMap(renames),
    subscriptions: subscriptionsOf(registry),
    ...cluster,
  }
  let orphaned = 0
  let adopted = 0
  let isNewest = true
  let hasMore = true
  for (let steps = 1; hasMore && !stop.aborted; steps++) {
    const step = await store.reconcile(request)
    orphaned += step.orphaned
    adopted += step.adopted
    ;({ isNewest, hasMore } = step)
    if (hasMore && steps % STEPS_PER_REPORT === 0)
      log.info({ adopted, orphaned }, 'deliveries are still being reconciled with the registry')
  }
  if (adopted > 0) log.info({ adopted }, 'deliveries follow their renamed destinations')
  if (orphaned > 0) log.warn({ orphaned }, 'deliveries of removed destinations are orphaned')
  // The fallback of an older project is not that of the orphans.
  if (isNewest && !stop.aborted) await fallbacks.create(registry, stop)
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

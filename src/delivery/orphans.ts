/** Fits the store to a registry: renames adopted, deliveries of vanished destinations orphaned and handed over. */
import { destinationKey, type Registry } from '../model/destination.ts'
import type { Log } from '../model/ports.ts'
import { EMPTY_PLAN, type Store } from '../store/store.ts'
import { handOver, isHandedOver } from './hand-over.ts'

/** Orphans looked at per start or reload. */
const MOST_ORPHANS = 1_000

export async function reconcile(store: Store, registry: Registry, now: number, log: Log): Promise<void> {
  const { orphaned, adopted } = await store.reconcile({
    knownKeys: registry.destinations.map(destinationKey),
    renames: registry.destinations.flatMap(renames),
  })
  if (adopted > 0) log.info({ adopted }, 'deliveries follow their renamed destinations')
  if (orphaned > 0) log.warn({ orphaned }, 'deliveries of destinations that are gone: orphaned')
  await handOverOrphans(store, registry, now)
}

/** A destination that was given an id later keeps what waits under its name. */
function renames({ id, name, previousNames }: Registry['destinations'][number]) {
  const from = id === null ? previousNames : [name, ...previousNames]
  return from.map((previous) => ({ from: previous, to: id ?? name, name }))
}

/** Looks at all orphans, not only new ones: a crash after the reconciliation must not lose the hand-over. */
async function handOverOrphans(store: Store, registry: Registry, now: number): Promise<void> {
  const orphans = await store.deliveries({ states: ['orphaned'], limit: MOST_ORPHANS })
  for (const orphan of orphans) {
    const siblings = await Promise.all(
      orphan.alertIds.map((alertId) => store.deliveries({ alertId, limit: MOST_ORPHANS })),
    )
    if (siblings.flat().some(isHandedOver)) continue
    const deliveries = handOver(registry, orphan, `${orphan.destination} is no longer declared`, now)
    if (deliveries.length === 0) continue
    await store.commit({ ...EMPTY_PLAN, deliveries }, { groups: new Map(), limiters: new Map() })
  }
}

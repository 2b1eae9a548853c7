/** The registry as people look at it: what each destination takes, its state, and who reaches it. */
import { type Destination, destinationKey } from '../model/destination.ts'
import type { RouteTable } from '../model/route-table.ts'
import type { DestinationState, Store } from '../store/store.ts'
import { type Reach, reachOf } from './reach.ts'
import type { WithRegistry } from './registry.ts'

export interface DestinationView {
  readonly destination: Destination
  readonly reach: Reach
  readonly isFallback: boolean
  /** From the store, where there is one. */
  readonly state: DestinationState | null
}

export async function viewRegistry(
  { registry }: WithRegistry,
  routes: RouteTable,
  store: Pick<Store, 'destinationState'> | null,
): Promise<DestinationView[]> {
  const reach = reachOf(routes, registry)
  return Promise.all(
    registry.destinations.map(async (destination) => ({
      destination,
      reach: reach.get(destination.name)!,
      isFallback: registry.fallback.includes(destination.name),
      state: store && (await store.destinationState(destinationKey(destination))).value,
    })),
  )
}

/** Builds the view of the registry: what each destination accepts, its state and how many detections reach it. */

import type { RouteTable } from '../../model/alerts/route-table.ts'
import { type Destination, destinationKey } from '../../model/project/destination.ts'
import type { Backlog, DestinationState, Store } from '../../store/store.ts'
import { countDetections, type DetectionCounts } from '../routes/detection-counts.ts'
import type { ProjectWithRegistry } from './registry.ts'

export interface DestinationView {
  readonly destination: Destination
  readonly counts: DetectionCounts
  readonly isFallback: boolean
  /** The state is null when there is no store. */
  readonly state: DestinationState | null
  /** The numbers of deliveries that wait and of dead ones; null when there is no store. */
  readonly backlog: { readonly waiting: number; readonly dead: number } | null
}

export async function viewRegistry(
  { registry }: ProjectWithRegistry,
  routes: RouteTable,
  store: Pick<Store, 'destinationState' | 'backlog'> | null,
): Promise<DestinationView[]> {
  const counts = countDetections(routes, registry)
  const open = await store?.backlog()
  return Promise.all(
    registry.destinations.map(async (destination) => ({
      destination,
      counts: counts.get(destination.name)!,
      isFallback: registry.fallback.includes(destination.name),
      state: store && (await store.destinationState(destinationKey(destination))).value,
      backlog: open ? backlogOf(open, destinationKey(destination)) : null,
    })),
  )
}

function backlogOf(open: readonly Backlog[], key: string) {
  const own = open.filter(({ destinationKey }) => destinationKey === key)
  const sum = (rows: readonly Backlog[]) => rows.reduce((total, { count }) => total + count, 0)
  const dead = own.filter(({ state }) => state === 'dead')
  return { waiting: sum(own) - sum(dead), dead: sum(dead) }
}

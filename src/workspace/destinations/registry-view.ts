/** Builds the view of the registry: what each destination accepts, its state and how many detections reach it. */

import { pauseHint } from '../../delivery/delivery-findings.ts'
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
  /** What to do where the state is a pause. */
  readonly pauseHint: string
  /** null when there is no store. */
  readonly backlog: BacklogCounts | null
}

interface BacklogCounts {
  readonly waiting: number
  /** Updates whose time comes later: they wait for nothing that is at fault. */
  readonly scheduled: number
  readonly dead: number
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
      pauseHint: pauseHint(destination.name),
      backlog: open ? backlogOf(open, destinationKey(destination)) : null,
    })),
  )
}

function backlogOf(open: readonly Backlog[], key: string): BacklogCounts {
  const counts = { waiting: 0, scheduled: 0, dead: 0 }
  for (const { destinationKey, status, count } of open) {
    if (destinationKey !== key) continue
    counts[status === 'scheduled' || status === 'dead' ? status : 'waiting'] += count
  }
  return counts
}

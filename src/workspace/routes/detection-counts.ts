/** Counts the detections that reach each destination, from the table of routes. Pure. */

import type { RouteRow, RouteTable } from '../../model/alerts/route-table.ts'
import type { Registry } from '../../model/project/destination.ts'

export interface DetectionCounts {
  /** The number of detections with a certain route to it. */
  readonly certain: number
  /** The number of detections whose functions may return it or its severity, which is known only at run time. */
  readonly possible: number
}

export function countDetections(
  { rows }: RouteTable,
  { destinations }: Registry,
): ReadonlyMap<string, DetectionCounts> {
  const counts = new Map(destinations.map(({ name }) => [name, { certain: 0, possible: 0 }]))
  const enabled = new Set(destinations.filter((each) => each.enabled).map(({ name }) => name))
  for (const own of Map.groupBy(rows, ({ detection }) => detection).values()) {
    const open = own.filter(({ route, evidence }) => route === null || evidence === 'unknown')
    const certain = namesOf(own.filter((row) => !open.includes(row)))
    const possible = open.some(({ route }) => route === null) ? enabled : namesOf(open)
    for (const [name, count] of counts) {
      if (certain.has(name)) count.certain++
      else if (possible.has(name)) count.possible++
    }
  }
  return counts
}

function namesOf(rows: readonly RouteRow[]): Set<string> {
  return new Set(rows.flatMap(({ route }) => route?.destinations ?? []))
}

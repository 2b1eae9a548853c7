/** Groups detections that have the same route, so that a picture can show a thousand of them. Pure. */
import { compareText } from '../core/compare-text.ts'
import {
  EVIDENCE,
  type RouteBundle,
  type RouteEnd,
  type RouteRow,
  type RouteTable,
} from '../model/alerts/route-table.ts'
import { compareSeverity } from '../model/alerts/severity.ts'

const NO_LOG_TYPE = '(no log type)'

/** Returns the bundles sorted by log type, then by severity, highest first. */
export function bundleRoutes({ rows }: RouteTable): RouteBundle[] {
  const entries = rows.flatMap((row) =>
    (row.logTypes.length > 0 ? row.logTypes : [NO_LOG_TYPE]).map((logType) => ({ logType, row })),
  )
  const groups = Map.groupBy(entries, ({ logType, row }) =>
    JSON.stringify([
      logType,
      endOf(row),
      row.evidence === 'unknown',
      [...(row.route?.destinations ?? [])].sort(),
    ]),
  )
  return [...groups.values()]
    .map((group) =>
      bundleOf(
        group[0]!.logType,
        group.map(({ row }) => row),
      ),
    )
    .sort((a, b) => compareText(a.logType, b.logType) || compareSeverity(b.severities[0]!, a.severities[0]!))
}

function bundleOf(logType: string, rows: readonly RouteRow[]): RouteBundle {
  return {
    logType,
    end: endOf(rows[0]!),
    destinations: rows[0]!.route?.destinations ?? [],
    severities: [...new Set(rows.map(({ severity }) => severity))].sort((a, b) => compareSeverity(b, a)),
    detections: [...new Set(rows.map(({ detection }) => detection))].sort(compareText),
    evidence: EVIDENCE.findLast((evidence) => rows.some((row) => row.evidence === evidence))!,
  }
}

function endOf({ route }: RouteRow): RouteEnd {
  if (route === null) return 'unknown'
  if (route.suppressed) return 'suppressed'
  if (route.level === 'fallback') return 'fallback'
  return route.destinations.length === 0 ? 'nowhere' : 'destinations'
}

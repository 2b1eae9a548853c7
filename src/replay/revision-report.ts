/** Sums up the alerts of one revision: noise per detection and destination, and pages per week. Pure. */
import type { DestinationTotals, ReplayedAlert, RevisionReport } from '../model/replay/replay-report.ts'
import type { AlertLog } from './alert-log.ts'

const WEEK_MS = 7 * 86_400_000
/** Events of a shorter time say little about a week, so they count as this long. */
const MIN_PERIOD_MS = 86_400_000

interface Revision {
  readonly name: string
  readonly commit: string | null
  readonly log: AlertLog
  /** The names of all destinations, in the order of the registry. */
  readonly destinations: readonly string[]
  readonly paging: ReadonlySet<string>
}

/** @param periodMs the time that the events cover. */
export function reportRevision(
  { name, commit, log, destinations, paging }: Revision,
  periodMs: number,
): RevisionReport {
  const weeks = Math.max(periodMs, MIN_PERIOD_MS) / WEEK_MS
  const { alerts } = log
  const deliveries = countDeliveries(alerts, destinations)
  const perWeek = (count: number) => Math.round((count / weeks) * 10) / 10
  const totals = new Map<string, DestinationTotals>(
    [...deliveries].map(([each, count]) => [each, { deliveries: count, perWeek: perWeek(count) }]),
  )
  const pages = [...deliveries].reduce((sum, [each, count]) => (paging.has(each) ? sum + count : sum), 0)
  return {
    name,
    commit,
    alerts,
    detections: log.totals(),
    destinations: totals,
    pagesPerWeek: perWeek(pages),
  }
}

function countDeliveries(
  alerts: readonly ReplayedAlert[],
  destinations: readonly string[],
): ReadonlyMap<string, number> {
  const counts = new Map(destinations.map((name) => [name, 0]))
  for (const name of alerts.flatMap(({ deliveries }) => deliveries))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

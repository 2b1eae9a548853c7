/** Counts a sample of alerts and deliveries for charts and for detections. Pure. */
import type { ConsoleStatistics, DetectionFacts, Period } from '../../server/console/console-ports.ts'
import type { LimiterState } from '../../store/store.ts'
import type { AlertSample, SampledAlert } from './alert-sample.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function statisticsOf(sample: AlertSample, now: number): ConsoleStatistics {
  const alerts = sample.alerts.map(({ at, severity }) => ({ at, part: severity.toLowerCase() }))
  const deliveries = sample.deliveries.map(({ at, state }) => ({ at, part: state }))
  return {
    alertsByHour: periodsOf(alerts, HOUR_MS, 48, now),
    alertsByDay: periodsOf(alerts, DAY_MS, 30, now),
    deliveriesByHour: periodsOf(deliveries, HOUR_MS, 48, now),
    alertsFrom: sample.alertsFrom,
    deliveriesFrom: sample.deliveriesFrom,
  }
}

function periodsOf(
  points: readonly { readonly at: number; readonly part: string }[],
  lengthMs: number,
  count: number,
  now: number,
): Period[] {
  const last = Math.floor(now / lengthMs) * lengthMs
  const first = last - (count - 1) * lengthMs
  const counts = Array.from({ length: count }, (): Record<string, number> => ({}))
  for (const { at, part } of points) {
    const period = counts[Math.floor((at - first) / lengthMs)]
    if (period) period[part] = (period[part] ?? 0) + 1
  }
  return counts.map((each, i) => ({ from: first + i * lengthMs, counts: each }))
}

/** What the sample says about each of these detections. */
export function detectionFactsOf(
  { alerts, alertsFrom }: Pick<AlertSample, 'alerts' | 'alertsFrom'>,
  ids: readonly string[],
  limiterOf: (id: string) => LimiterState | null,
  now: number,
): ReadonlyMap<string, DetectionFacts> {
  const byDetection = Map.groupBy(alerts, ({ detection }) => detection)
  const days = Math.max(1, (now - alertsFrom) / DAY_MS)
  return new Map(
    ids.map((id) => [id, { ...factsOf(byDetection.get(id) ?? [], days), limiter: limiterOf(id) }]),
  )
}

function factsOf(alerts: readonly SampledAlert[], days: number): Omit<DetectionFacts, 'limiter'> {
  const matches = alerts.filter(({ kind }) => !kind.endsWith('_ERROR'))
  const resolved = matches.filter(({ status }) => status.reason !== null && status.reason !== 'info')
  return {
    days,
    alertsPerDay: matches.length / days,
    lastAlertAt: matches[0]?.at ?? null,
    errors: alerts.length - matches.length,
    verdicts: {
      resolved: resolved.length,
      falsePositives: resolved.filter(({ status }) => status.reason === 'false-positive').length,
    },
  }
}

/** What the pages of the console show, read from the store and the project. */
import { pauseHint } from '../../delivery/delivery-findings.ts'
import type { RouteTable } from '../../model/alerts/route-table.ts'
import type { Silence } from '../../model/alerts/silence.ts'
import type { RoutedProject } from '../../model/project/project.ts'
import type {
  AlertQuery,
  ConsolePorts,
  ConsoleStatistics,
  DetectionFacts,
  ShownSilence,
} from '../../server/console/console-ports.ts'
import type { AlertRow, Store } from '../../store/store.ts'

export interface ConsoleReadOptions {
  readonly store: Store
  readonly project: () => RoutedProject
  readonly routes: () => RouteTable
  readonly unavailable: () => string | null
  /** The names of the tests of a detection. */
  readonly testNames: (detection: string) => readonly string[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MAX_ROWS = 2_000
const MAX_SILENCES = 1_000
/** Silences of people are listed for so long after their end. */
const ENDED_SHOWN_MS = 7 * DAY_MS

export function createConsoleReads({
  store,
  project,
  testNames,
  routes,
  unavailable,
}: ConsoleReadOptions): Omit<ConsolePorts, 'acts'> {
  return {
    store,
    findAlerts: (query) => findAlerts(store, query),
    statistics: () => statistics(store),
    registry: () => project().registry,
    detections: () => project().detections,
    testNames,
    routes,
    unavailable,
    pauseHint,
    silences: () => shownSilences(store, project()),
    detectionFacts: async (ids) => {
      const { limiters } = await store.read({ groups: [], limiters: ids, seen: [] })
      const facts = ids.map(async (id) => {
        const alerts = await store.alerts({
          detection: id,
          since: store.now() - 30 * DAY_MS,
          limit: MAX_ROWS,
        })
        return [id, factsOf(alerts, limiters.get(id)?.value ?? null)] as const
      })
      return new Map(await Promise.all(facts))
    },
  }
}

/** The silences of the project, then those of people that are in force or have ended lately. */
async function shownSilences(store: Store, { handling }: RoutedProject): Promise<ShownSilence[]> {
  const [stored, hits] = await Promise.all([
    store.silences({ endsAfter: store.now() - ENDED_SHOWN_MS, limit: MAX_SILENCES }),
    store.silenceHits(),
  ])
  const hitsOf = new Map(hits.map((each) => [each.silenceId, each]))
  const shown = (silence: Silence, createdBy: string | null): ShownSilence => ({
    silence,
    createdBy,
    hits: hitsOf.get(silence.id)?.alerts ?? 0,
    lastHitAt: hitsOf.get(silence.id)?.lastAt ?? null,
  })
  return [
    ...handling.silences.map((silence) => shown(silence, null)),
    ...stored.map(({ silence, createdBy }) => shown(silence, createdBy)),
  ]
}

async function findAlerts(store: Store, { text = '', statuses, severities, limit, ...filter }: AlertQuery) {
  const rows = await store.alerts({
    ...filter,
    status: statuses?.length === 1 ? statuses[0] : undefined,
    severity: severities?.length === 1 ? severities[0] : undefined,
    limit: MAX_ROWS,
  })
  const wanted = text.toLowerCase()
  const found = rows.filter((row) =>
    [row.id, row.title, row.detection, row.dedup].some((each) => each.toLowerCase().includes(wanted)),
  )
  return { alerts: found.slice(0, limit), next: null }
}

async function statistics(store: Store): Promise<ConsoleStatistics> {
  const now = store.now()
  const alerts = await store.alerts({ since: now - 30 * DAY_MS, limit: MAX_ROWS })
  const points = alerts.map(({ createdAt, severity }) => ({ at: createdAt, part: severity.toLowerCase() }))
  return {
    alertsByHour: periodsOf(points, HOUR_MS, 48, now),
    alertsByDay: periodsOf(points, DAY_MS, 30, now),
    deliveriesByHour: periodsOf([], HOUR_MS, 48, now),
  }
}

function periodsOf(
  points: readonly { at: number; part: string }[],
  lengthMs: number,
  count: number,
  now: number,
) {
  const last = Math.floor(now / lengthMs) * lengthMs
  const periods = Array.from({ length: count }, (_, i) => ({
    from: last - (count - 1 - i) * lengthMs,
    counts: {} as Record<string, number>,
  }))
  for (const { at, part } of points) {
    const period = periods[Math.floor((at - periods[0]!.from) / lengthMs)]
    if (period) period.counts[part] = (period.counts[part] ?? 0) + 1
  }
  return periods
}

function factsOf(alerts: readonly AlertRow[], limiter: DetectionFacts['limiter']): DetectionFacts {
  const matches = alerts.filter(({ kind }) => !kind.endsWith('_ERROR'))
  const resolved = matches.filter(({ status }) => status.status === 'resolved' && status.reason !== 'info')
  return {
    limiter,
    alertsPerDay: matches.length / 30,
    lastAlertAt: matches[0]?.createdAt ?? null,
    errors: alerts.length - matches.length,
    verdicts: {
      resolved: resolved.length,
      falsePositives: resolved.filter(({ status }) => status.reason === 'false-positive').length,
    },
  }
}

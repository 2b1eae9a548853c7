/** Evaluates what people have decided about the alerts of each detection, and how long it took. */
import { compareText } from '../../core/compare-text.ts'
import { alertGroup } from '../../model/alerts/alert-kind.ts'
import type { AlertSummary, AuditRow, Store } from '../../store/store.ts'

const PAGE_ROWS = 1_000

export interface DetectionStats {
  readonly detection: string
  readonly alerts: number
  /** Resolved now, for a reason other than `info`: these have a verdict. */
  readonly resolved: number
  readonly falsePositives: number
  /** The share of the resolved alerts; null: none is resolved. */
  readonly falsePositiveShare: number | null
  readonly medianAcknowledgeMs: number | null
  readonly medianResolveMs: number | null
}

export interface AlertStatsRequest {
  /** Alerts that were created earlier are left out. Epoch ms. */
  readonly since: number
  readonly pageRows?: number
  /** It is called after each page with the number of rows read so far. */
  readonly onPage?: (rows: number) => void
}

interface Tally {
  alerts: number
  resolved: number
  falsePositives: number
  readonly acknowledgeMs: number[]
  readonly resolveMs: number[]
}

/** An alert of which the audit is still to be read. */
interface Timed {
  readonly createdAt: number
  readonly tally: Tally
  readonly isResolved: boolean
  acknowledgedAt: number | null
  resolvedAt: number | null
}

/** The detections with the most false positives come first, then those with the most alerts. */
export async function readAlertStats(
  store: Pick<Store, 'findAlerts' | 'audit'>,
  request: AlertStatsRequest,
): Promise<DetectionStats[]> {
  const tallies = new Map<string, Tally>()
  const timed = new Map<string, Timed>()
  let rows = 0
  for await (const page of alertPages(store, request)) {
    for (const alert of page) if (alertGroup(alert.kind) === 'ALERT') countAlert(alert, tallies, timed)
    rows += page.length
    request.onPage?.(rows)
  }
  for await (const page of auditPages(store, request)) {
    for (const row of page) noteTime(row, timed)
    rows += page.length
    request.onPage?.(rows)
  }
  for (const { createdAt, tally, acknowledgedAt, resolvedAt } of timed.values()) {
    if (acknowledgedAt !== null) tally.acknowledgeMs.push(Math.max(0, acknowledgedAt - createdAt))
    if (resolvedAt !== null) tally.resolveMs.push(Math.max(0, resolvedAt - createdAt))
  }
  return [...tallies].map(([detection, tally]) => statsOf(detection, tally)).sort(compareStats)
}

async function* alertPages(
  store: Pick<Store, 'findAlerts'>,
  { since, pageRows = PAGE_ROWS }: AlertStatsRequest,
): AsyncGenerator<readonly AlertSummary[]> {
  let before: string | undefined
  for (;;) {
    const { alerts, next } = await store.findAlerts({ since, limit: pageRows, ...(before && { before }) })
    yield alerts
    if (next === null) return
    before = next
  }
}

/** Changes of an alert are younger than the alert, so the audit is read from its end, until a page is older. */
async function* auditPages(
  store: Pick<Store, 'audit'>,
  { since, pageRows = PAGE_ROWS }: AlertStatsRequest,
): AsyncGenerator<readonly AuditRow[]> {
  let before: number | undefined
  for (;;) {
    const rows = await store.audit({
      newestFirst: true,
      limit: pageRows,
      ...(before !== undefined && { before }),
    })
    yield rows
    if (rows.length < pageRows || rows.every(({ at }) => at < since)) return
    before = rows.at(-1)!.seq
  }
}

function countAlert(alert: AlertSummary, tallies: Map<string, Tally>, timed: Map<string, Timed>): void {
  const { id, detection, createdAt, status } = alert
  const tally = tallies.get(detection) ?? {
    alerts: 0,
    resolved: 0,
    falsePositives: 0,
    acknowledgeMs: [],
    resolveMs: [],
  }
  tallies.set(detection, tally)
  const isResolved = status.status === 'resolved' && status.reason !== 'info'
  tally.alerts++
  if (isResolved) tally.resolved++
  if (status.reason === 'false-positive') tally.falsePositives++
  timed.set(id, { createdAt, tally, isResolved, acknowledgedAt: null, resolvedAt: null })
}

/** Rows come newest first: the earliest acknowledgement and the last resolution count. */
function noteTime({ subject, verb, at }: AuditRow, timed: Map<string, Timed>): void {
  if (subject.kind !== 'alert') return
  const alert = timed.get(subject.id)
  if (!alert) return
  if (verb === 'acknowledged') alert.acknowledgedAt = at
  if (verb === 'resolved' && alert.isResolved) alert.resolvedAt ??= at
}

function statsOf(detection: string, tally: Tally): DetectionStats {
  const { alerts, resolved, falsePositives, acknowledgeMs, resolveMs } = tally
  return {
    detection,
    alerts,
    resolved,
    falsePositives,
    falsePositiveShare: resolved === 0 ? null : falsePositives / resolved,
    medianAcknowledgeMs: medianOf(acknowledgeMs),
    medianResolveMs: medianOf(resolveMs),
  }
}

function compareStats(a: DetectionStats, b: DetectionStats): number {
  return b.falsePositives - a.falsePositives || b.alerts - a.alerts || compareText(a.detection, b.detection)
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

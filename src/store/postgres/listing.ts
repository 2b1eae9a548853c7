/** Reads rows for commands and metrics. Nothing here writes. */
import type { Silence } from '../../model/alerts/silence.ts'
import {
  type AlertFilter,
  type AlertRow,
  type Attempt,
  type AuditFilter,
  type AuditRow,
  type Backlog,
  DELIVERY_STATES,
  type DeliveryCounts,
  type DeliveryFilter,
  type DeliveryRow,
  type DeliveryState,
  type Divergence,
  type EscalationRow,
  type HandlingRecord,
  type SilenceFilter,
  type SilenceHits,
  type StoredSilence,
  UNDELIVERED_STATES,
} from '../store.ts'
import type { Database } from './database.ts'
import { whereAll } from './where-all.ts'

/** An alert as the database gives it: what was JSON text in the plan still is. */
export type AlertContent = Omit<AlertRow, 'route' | 'divergences'> & {
  readonly route: string
  readonly divergences: readonly string[]
}

export function toAlert(content: AlertContent): AlertRow {
  return {
    ...content,
    route: JSON.parse(content.route) as AlertRow['route'],
    divergences: content.divergences.map((body) => JSON.parse(body) as Divergence),
  }
}

export async function findAlert(database: Database, id: string): Promise<AlertRow | null> {
  const [row] = await database.query<{ content: AlertContent }>(
    'SELECT content FROM alert_row WHERE id = $1',
    [id],
  )
  return row ? toAlert(row.content) : null
}

/** Lists alerts, newest first. */
export async function listAlerts(database: Database, filter: AlertFilter): Promise<AlertRow[]> {
  const { where, parameters } = whereAll([
    ['detection = ?', filter.detection],
    ['severity = ?', filter.severity],
    ['status = ?', filter.status],
    ['assignee = ?', filter.assignee],
    ['created_at >= ?', filter.since],
    ['(?::int = 1 AND id IN (SELECT alert_id FROM silence_hit))', filter.silenced ? 1 : undefined],
    ['id IN (SELECT alert_id FROM silence_hit WHERE silence_id = ?)', filter.silencedBy],
  ])
  const rows = await database.query<{ content: AlertContent }>(
    `SELECT content FROM alert_row ${where} ORDER BY created_at DESC, seq DESC LIMIT $${parameters.length + 1}`,
    [...parameters, filter.limit],
  )
  return rows.map(({ content }) => toAlert(content))
}

const UNMARKED = `NOT EXISTS (
  SELECT 1 FROM delivery_item own JOIN delivery_item beside USING (alert_id)
    JOIN delivery marked ON marked.id = beside.delivery_id
  WHERE own.delivery_id = d.id AND starts_with(marked.reason, ?))`

const MISSING = `EXISTS (
  SELECT 1 FROM delivery_item own, unnest(?::text[]) AS key WHERE own.delivery_id = d.id AND NOT EXISTS (
    SELECT 1 FROM delivery_item beside JOIN delivery other ON other.id = beside.delivery_id
    WHERE beside.alert_id = own.alert_id AND other.destination_key = key))`

/** Lists deliveries, newest first; oldest first within a range of creation. */
export async function listDeliveries(database: Database, filter: DeliveryFilter): Promise<DeliveryRow[]> {
  const { where, parameters } = whereAll([
    ['d.id = ?', filter.id],
    ['d.state = ANY (?::text[])', filter.states],
    ['d.kind = ?', filter.kind],
    ['?::text IN (d.destination, d.destination_key)', filter.destination],
    ['d.id IN (SELECT delivery_id FROM delivery_item WHERE alert_id = ?)', filter.alertId],
    [UNMARKED, filter.unlessBeside],
    [MISSING, filter.missingAt],
    ['d.created_at >= ?', filter.created?.from],
    ['d.created_at <= ?', filter.created?.until],
  ])
  const order = filter.created ? 'ASC' : 'DESC'
  const rows = await database.query<{ content: DeliveryRow }>(
    `SELECT delivery_content(d) AS content FROM (SELECT * FROM delivery d ${where}
       ORDER BY created_at ${order}, seq ${order} LIMIT $${parameters.length + 1}) AS d
     ORDER BY created_at ${order}, seq ${order}`,
    [...parameters, filter.limit],
  )
  return rows.map(({ content }) => content)
}

interface StateCount {
  readonly state: DeliveryState
  readonly n: number
  /** How many of them are updates that wait for a later time. */
  readonly later: number
}

export async function countDeliveries(
  database: Database,
  now: number | null,
  states: readonly DeliveryState[] = DELIVERY_STATES,
): Promise<DeliveryCounts> {
  // The condition of the index: without it the database reads every delivery.
  const indexed = states.includes('delivered') ? '' : "state <> 'delivered' AND"
  const rows = await database.query<StateCount>(
    `SELECT state, count(*) AS n,
       count(*) FILTER (WHERE state IN ('pending', 'queued') AND due > n.now) AS later
     FROM delivery, (SELECT store_now($2) AS now) AS n WHERE ${indexed} state = ANY ($1::text[]) GROUP BY state`,
    [states, now],
  )
  const names = [...DELIVERY_STATES, 'scheduled'] as const
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<keyof DeliveryCounts, number>
  for (const { state, n, later } of rows) {
    counts[state] = n - later
    counts.scheduled += later
  }
  return counts
}

export function listBacklog(database: Database, now: number | null): Promise<Backlog[]> {
  return database.query<Backlog>(
    `SELECT destination_key AS "destinationKey", count(*) AS count, CASE
         WHEN state IN ('pending', 'queued') AND due > n.now THEN 'scheduled' ELSE state
       END AS status
     FROM delivery, (SELECT store_now($2) AS now) AS n
     WHERE state <> 'delivered' AND state = ANY ($1::text[]) GROUP BY destination_key, status`,
    [UNDELIVERED_STATES, now],
  )
}

export function listAttempts(database: Database, deliveryId: string): Promise<Attempt[]> {
  return database.query<Attempt>(
    'SELECT n, at, status, ms, outcome, message FROM attempt WHERE delivery_id = $1 ORDER BY n',
    [deliveryId],
  )
}

type StoredAudit = Omit<AuditRow, 'subject'> & {
  readonly kind: AuditRow['subject']['kind']
  readonly id: string
}

/** Lists rows of the audit in their order. */
export async function listAudit(database: Database, filter: AuditFilter): Promise<AuditRow[]> {
  const { where, parameters } = whereAll([
    ['subject_kind = ?', filter.subject?.kind],
    ['subject = ?', filter.subject?.id],
    ['seq > ?', filter.after],
    ['seq < ?', filter.before],
    ['request_id = ?', filter.requestId],
  ])
  const rows = await database.query<StoredAudit>(
    `SELECT seq, at, actor, via, verb, subject_kind AS kind, subject AS id, before, after, note, origin,
       request_id AS "requestId"
     FROM audit ${where} ORDER BY seq ${filter.newestFirst ? 'DESC' : 'ASC'}
     LIMIT $${parameters.length + 1}`,
    [...parameters, filter.limit],
  )
  return rows.map(({ kind, id, ...row }) => ({ ...row, subject: { kind, id } }))
}

/** The decisions about an alert, the earliest first. */
export async function listHandling(database: Database, alertId: string): Promise<HandlingRecord[]> {
  const rows = await database.query<{ at: number; steps: string }>(
    'SELECT at, steps FROM handling WHERE alert_id = $1 ORDER BY seq',
    [alertId],
  )
  return rows.map(({ at, steps }) => ({ at, steps: JSON.parse(steps) as HandlingRecord['steps'] }))
}

type StoredBody = Omit<StoredSilence, 'silence'> & { readonly body: string }

/** Lists silences in the order of their creation. */
export async function listSilences(
  database: Database,
  { endsAfter, limit }: SilenceFilter,
): Promise<StoredSilence[]> {
  const { where, parameters } = whereAll([['ends_at > ?', endsAfter]])
  const rows = await database.query<StoredBody>(
    `SELECT version, created_at AS "createdAt", created_by AS "createdBy", body FROM silence ${where}
     ORDER BY created_at, id LIMIT $${parameters.length + 1}`,
    [...parameters, limit],
  )
  return rows.map(({ body, ...row }) => ({ silence: JSON.parse(body) as Silence, ...row }))
}

export function listHits(database: Database): Promise<SilenceHits[]> {
  return database.query<SilenceHits>(
    `SELECT silence_id AS "silenceId", count(*) AS alerts, max(at) AS "lastAt" FROM silence_hit
     GROUP BY silence_id ORDER BY silence_id`,
  )
}

export async function listEscalations(database: Database, alertId: string): Promise<EscalationRow[]> {
  const rows = await database.query<{ content: EscalationRow }>(
    `SELECT escalation_content(e) AS content FROM escalation e WHERE alert_id = $1
     ORDER BY destination_key, kind, step`,
    [alertId],
  )
  return rows.map(({ content }) => content)
}

/** Those that are over are never counted: they are as many as there were alerts. */
export async function countWaitingSteps(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    "SELECT count(*) AS count FROM escalation WHERE state = 'waiting' AND kind = 'step'",
  )
  return row!.count
}

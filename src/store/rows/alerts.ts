/** Rows of alerts. They are frozen at creation; only events, log types and divergences are added later. */
import { type AlertStatus, SYSTEM_ACTOR, statusText } from '../../model/alerts/alert-status.ts'
import { type Driver, insert } from '../driver.ts'
import type { AlertFilter, AlertRow, Divergence, Merge, NewAudit } from '../store.ts'
import { insertAudit, insertStatus } from './audits.ts'
import { whereClause } from './where-clause.ts'

/** An alert as it is read: JSON columns are text. */
type StoredAlert = Omit<AlertRow, 'route' | 'logTypes' | 'divergences' | 'status'> & {
  readonly route: string
  readonly logTypes: string
  readonly divergences: string
  readonly status: string
}

export const STATUS_JSON = `json_object('version', s.version, 'status', s.status, 'reason', s.reason, 'assignee', s.assignee,
    'changedAt', s.changed_at, 'changedBy', s.changed_by)`

const SELECT_ALERT = `
  SELECT a.id, a.group_key AS groupKey, a.detection, a.kind, a.severity, a.title, a.dedup,
    a.created_at AS createdAt, a.notification, a.reference, a.route,
    p.log_types AS logTypes, p.events, p.last_event_at AS lastEventAt,
    (SELECT json_group_array(json(body)) FROM
      (SELECT body FROM divergence WHERE alert_id = a.id ORDER BY seq)) AS divergences,
    ${STATUS_JSON} AS status
  FROM alert a JOIN alert_progress p ON p.alert_id = a.id JOIN alert_status s ON s.alert_id = a.id`

function toAlert(row: StoredAlert): AlertRow {
  return {
    ...row,
    route: JSON.parse(row.route) as AlertRow['route'],
    logTypes: JSON.parse(row.logTypes) as string[],
    divergences: JSON.parse(row.divergences) as Divergence[],
    status: JSON.parse(row.status) as AlertStatus,
  }
}

export function readStatus(driver: Driver, id: string): AlertStatus | undefined {
  const row = driver
    .prepare<{ status: string }>(`SELECT ${STATUS_JSON} AS status FROM alert_status s WHERE s.alert_id = :id`)
    .get({ id })
  return row && (JSON.parse(row.status) as AlertStatus)
}

/** An alert that exists already is not changed: a replayed event creates the same one again. */
export function insertAlert(driver: Driver, alert: AlertRow): void {
  const created = insert(
    driver,
    'alert',
    {
      id: alert.id,
      group_key: alert.groupKey,
      detection: alert.detection,
      kind: alert.kind,
      severity: alert.severity,
      title: alert.title,
      dedup: alert.dedup,
      created_at: alert.createdAt,
      reference: alert.reference,
      route: JSON.stringify(alert.route),
      notification: alert.notification,
    },
    'ON CONFLICT (id) DO NOTHING',
  )
  if (created === 0) return
  insert(driver, 'alert_progress', {
    alert_id: alert.id,
    events: alert.events,
    last_event_at: alert.lastEventAt,
    log_types: JSON.stringify(alert.logTypes),
  })
  for (const divergence of alert.divergences) insertDivergence(driver, alert.id, divergence)
  insertStatus(driver, alert.id, alert.status)
  insertAudit(driver, creationOf(alert))
}

/** The creation of an alert is in the audit, so that one growing number shows all changes of alerts. */
function creationOf({ id, createdAt, status }: AlertRow): NewAudit {
  return {
    at: createdAt,
    actor: SYSTEM_ACTOR,
    via: 'system',
    verb: 'created',
    subject: { kind: 'alert', id },
    before: '',
    after: statusText(status),
    note: '',
    origin: null,
    requestId: null,
  }
}

/** Returns the numbers of events of these alerts. */
export function eventsOfAlerts(driver: Driver, ids: readonly string[]): Map<string, number> {
  const get = driver.prepare<{ events: number }>('SELECT events FROM alert_progress WHERE alert_id = :id')
  return new Map(
    ids.flatMap((id) => {
      const row = get.get({ id })
      return row ? [[id, row.events] as const] : []
    }),
  )
}

/** An alert that does not exist any more is ignored. */
export function mergeIntoAlert(driver: Driver, { alertId: id, events, lastEventAt, logTypes }: Merge): void {
  const before = driver
    .prepare<{ logTypes: string }>('SELECT log_types AS logTypes FROM alert_progress WHERE alert_id = :id')
    .get({ id })
  if (!before) return
  const allTypes = new Set([...(JSON.parse(before.logTypes) as string[]), ...logTypes])
  driver
    .prepare(
      `UPDATE alert_progress SET events = events + :events, log_types = :logTypes,
         last_event_at = max(last_event_at, :lastEventAt)
       WHERE alert_id = :id`,
    )
    .run({ id, events, lastEventAt, logTypes: JSON.stringify([...allTypes]) })
}

/** A divergence of an alert that does not exist any more is ignored. */
export function insertDivergence(driver: Driver, alertId: string, divergence: Divergence): void {
  driver
    .prepare('INSERT INTO divergence (alert_id, body) SELECT id, :body FROM alert WHERE id = :alertId')
    .run({ alertId, body: JSON.stringify(divergence) })
}

export function findAlert(driver: Driver, id: string): AlertRow | null {
  const row = driver.prepare<StoredAlert>(`${SELECT_ALERT} WHERE a.id = :id`).get({ id })
  return row ? toAlert(row) : null
}

/** Reads the alerts that a delivery carries. */
export function alertsOf(driver: Driver, deliveryId: string): AlertRow[] {
  return driver
    .prepare<StoredAlert>(
      `${SELECT_ALERT} JOIN delivery_item i ON i.alert_id = a.id
       WHERE i.delivery_id = :deliveryId ORDER BY a.seq`,
    )
    .all({ deliveryId })
    .map(toAlert)
}

/** Lists alerts, newest first. */
export function listAlerts(driver: Driver, filter: AlertFilter): AlertRow[] {
  const { limit, silenced, ...given } = filter
  const conditions = { ...given, silenced: silenced ? 1 : undefined }
  const sql = {
    detection: 'a.detection = :detection',
    severity: 'a.severity = :severity',
    status: 's.status = :status',
    assignee: 's.assignee = :assignee',
    since: 'a.created_at >= :since',
    silenced: '(:silenced = 1 AND a.id IN (SELECT alert_id FROM silence_hit))',
    silencedBy: 'a.id IN (SELECT alert_id FROM silence_hit WHERE silence_id = :silencedBy)',
  }
  const { where, params } = whereClause(conditions, sql)
  return driver
    .prepare<StoredAlert>(`${SELECT_ALERT} ${where} ORDER BY a.created_at DESC, a.seq DESC LIMIT :limit`)
    .all({ ...params, limit })
    .map(toAlert)
}

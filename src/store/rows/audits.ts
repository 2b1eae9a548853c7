/** Rows of the audit, and of the status of alerts. */
import type { AlertStatus } from '../../model/alerts/alert-status.ts'
import { type Driver, insert } from '../driver.ts'
import type { AuditFilter, AuditRow, NewAudit, StatusChange } from '../store.ts'
import { whereClause } from './where-clause.ts'

export function insertStatus(driver: Driver, alertId: string, status: AlertStatus): void {
  insert(driver, 'alert_status', { alert_id: alertId, ...columnsOf(status) })
}

/** True if the status was changed since the plan was decided, or its alert does not exist any more. */
export function isStatusChanged(driver: Driver, { alertId, status }: StatusChange): boolean {
  const row = driver
    .prepare<{ version: number }>('SELECT version FROM alert_status WHERE alert_id = :alertId')
    .get({ alertId })
  return row?.version !== status.version - 1
}

export function writeStatus(driver: Driver, { alertId, status }: StatusChange): void {
  driver
    .prepare(
      `UPDATE alert_status SET version = :version, status = :status, reason = :reason, assignee = :assignee,
         changed_at = :changed_at, changed_by = :changed_by
       WHERE alert_id = :alertId`,
    )
    .run({ alertId, ...columnsOf(status) })
}

function columnsOf({ changedAt, changedBy, ...status }: AlertStatus) {
  return { ...status, changed_at: changedAt, changed_by: changedBy }
}

export function isKnownRequest(
  driver: Driver,
  { requestId = null }: Partial<Pick<NewAudit, 'requestId'>>,
): boolean {
  if (requestId === null) return false
  return driver.prepare('SELECT 1 FROM audit WHERE request_id = :requestId').get({ requestId }) !== undefined
}

export function insertAudit(driver: Driver, { subject, requestId, ...audit }: NewAudit): void {
  insert(driver, 'audit', {
    ...audit,
    subject_kind: subject.kind,
    subject: subject.id,
    request_id: requestId,
  })
}

type StoredAudit = Omit<AuditRow, 'subject'> & {
  readonly kind: AuditRow['subject']['kind']
  readonly id: string
}

/** Lists rows of the audit in their order. */
export function listAudit(driver: Driver, { subject, limit, ...filter }: AuditFilter): AuditRow[] {
  const { where, params } = whereClause(
    {
      kind: subject?.kind,
      id: subject?.id,
      after: filter.after,
      before: filter.before,
      requestId: filter.requestId,
    },
    {
      kind: 'subject_kind = :kind',
      id: 'subject = :id',
      after: 'seq > :after',
      before: 'seq < :before',
      requestId: 'request_id = :requestId',
    },
  )
  return driver
    .prepare<StoredAudit>(
      `SELECT seq, at, actor, via, verb, subject_kind AS kind, subject AS id, before, after, note, origin,
         request_id AS requestId
       FROM audit ${where} ORDER BY seq ${filter.newestFirst ? 'DESC' : 'ASC'} LIMIT :limit`,
    )
    .all({ ...params, limit })
    .map(({ kind, id, ...row }) => ({ ...row, subject: { kind, id } }))
}

/** Rows of escalations: insert, claim under a lease, record, and what a change of an alert's status does to them. */
import { randomUUID } from 'node:crypto'
import { type AlertStatus, statusText } from '../../model/alerts/alert-status.ts'
import { type Driver, insert } from '../driver.ts'
import type { ClaimedEscalation, EscalationOutcome, EscalationRow, NewEscalation } from '../store.ts'
import { findAlert, readStatus } from './alerts.ts'

const COLUMNS = `alert_id AS alertId, destination_key AS destinationKey, kind, step, unless, after_ms AS afterMs, due,
  state, round, reason`

const SAME_ROW = 'alert_id = :alertId AND destination_key = :destinationKey AND kind = :kind AND step = :step'

const GATHERED = `SELECT 1 FROM delivery_item i JOIN delivery d ON d.id = i.delivery_id
  WHERE i.alert_id = :alertId AND d.destination_key = :destinationKey AND d.kind = 'digest'`

/** What has joined the page of another alert does not escalate: the steps of that alert do. */
export function insertEscalation(driver: Driver, row: NewEscalation): void {
  const { alertId, destinationKey } = row
  if (driver.prepare(GATHERED).get({ alertId, destinationKey }) !== undefined) return
  insert(
    driver,
    'escalation',
    {
      alert_id: row.alertId,
      destination_key: row.destinationKey,
      kind: row.kind,
      step: row.step,
      unless: row.unless,
      after_ms: row.afterMs,
      due: row.due,
      state: 'waiting',
      round: 0,
      reason: '',
    },
    'ON CONFLICT DO NOTHING',
  )
}

const CLAIMABLE = `state = 'waiting' AND due IS NOT NULL AND due <= :now
  AND (lease_until IS NULL OR lease_until <= :now)`

export function hasDueEscalation(driver: Driver, now: number): boolean {
  return driver.prepare(`SELECT 1 FROM escalation WHERE ${CLAIMABLE} LIMIT 1`).get({ now }) !== undefined
}

/** Leases due rows, the earliest first. */
export function claimEscalations(
  driver: Driver,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
  now: number,
): ClaimedEscalation[] {
  const lease = driver.prepare(
    `UPDATE escalation SET lease_token = :leaseToken, lease_until = :until WHERE ${SAME_ROW}`,
  )
  return driver
    .prepare<EscalationRow>(
      `SELECT ${COLUMNS} FROM escalation WHERE ${CLAIMABLE} ORDER BY due, alert_id, destination_key, step LIMIT :limit`,
    )
    .all({ now, limit })
    .flatMap((row) => {
      const { alertId, destinationKey, kind, step } = row
      const alert = findAlert(driver, alertId)
      if (!alert) return []
      const leaseToken = randomUUID()
      lease.run({ alertId, destinationKey, kind, step, leaseToken, until: now + leaseMs })
      return { escalation: { ...row }, leaseToken, alert }
    })
}

/** True if the row is not held under this lease, or if the alert's status has changed. */
export function isEscalationChanged(driver: Driver, outcome: EscalationOutcome): boolean {
  const { alertId, destinationKey, kind, step, leaseToken, statusVersion } = outcome
  const held = driver
    .prepare(`SELECT 1 FROM escalation WHERE ${SAME_ROW} AND state = 'waiting' AND lease_token = :leaseToken`)
    .get({ alertId, destinationKey, kind, step, leaseToken })
  return held === undefined || readStatus(driver, alertId)?.version !== statusVersion
}

export function recordEscalation(driver: Driver, outcome: EscalationOutcome): void {
  const { leaseToken: _, statusVersion: __, ...change } = outcome
  driver
    .prepare(
      `UPDATE escalation SET state = :state, reason = :reason, lease_token = NULL, lease_until = NULL,
         due = CASE :state WHEN 'waiting' THEN NULL ELSE due END
       WHERE ${SAME_ROW}`,
    )
    .run(change)
}

const END_STEPS = `
  UPDATE escalation SET state = 'ended', reason = :reason, lease_token = NULL, lease_until = NULL
  WHERE alert_id = :alertId AND kind = 'step' AND state = 'waiting' AND (:isResolved = 1 OR unless = 'acknowledged')`

const RESTART_STEPS = `
  UPDATE escalation SET state = 'waiting', reason = '', due = :now + after_ms, round = round + 1, lease_token = NULL,
    lease_until = NULL
  WHERE alert_id = :alertId AND kind = 'step' AND state <> 'waiting'`

/** An acknowledged alert is released after a while. Any other status ends the wait. */
const SET_RELEASE = `
  UPDATE escalation SET due = CASE :isAcknowledged WHEN 1 THEN :now + after_ms END, lease_token = NULL,
    lease_until = NULL
  WHERE alert_id = :alertId AND kind = 'release'`

/** It must be called with each new status, before it is written. */
export function applyStatusToEscalations(
  driver: Driver,
  alertId: string,
  status: AlertStatus,
  now: number,
): void {
  if (
    driver.prepare('SELECT 1 FROM escalation WHERE alert_id = :alertId LIMIT 1').get({ alertId }) ===
    undefined
  )
    return
  if (readStatus(driver, alertId)?.status === status.status) return
  if (status.status === 'open') driver.prepare(RESTART_STEPS).run({ alertId, now })
  else {
    const isResolved = status.status === 'resolved' ? 1 : 0
    driver.prepare(END_STEPS).run({ alertId, isResolved, reason: endReason(status) })
  }
  const isAcknowledged = status.status === 'acknowledged' ? 1 : 0
  driver.prepare(SET_RELEASE).run({ alertId, isAcknowledged, now })
}

/**
 * Shifts due dates with a clock that was set back. A later date belongs to an alert that waits for the hours of its
 * destination, and those did not move.
 */
export function shiftEscalations(driver: Driver, ms: number, now: number): void {
  if (ms <= 0) return
  driver
    .prepare(
      `UPDATE escalation SET due = due - :ms
       WHERE state = 'waiting' AND due > :now AND due <= :now + :ms + after_ms`,
    )
    .run({ ms, now })
}

/** `resolved: fixed by ann@host`. */
function endReason(status: AlertStatus): string {
  return `${statusText(status)} by ${status.changedBy}`
}

export function listEscalations(driver: Driver, alertId: string): EscalationRow[] {
  return driver
    .prepare<EscalationRow>(
      `SELECT ${COLUMNS} FROM escalation WHERE alert_id = :alertId ORDER BY destination_key, kind, step`,
    )
    .all({ alertId })
    .map((row) => ({ ...row }))
}

/** Those that are over are never counted: they are as many as there were alerts. */
export function countWaitingSteps(driver: Driver): number {
  const sql = "SELECT count(*) AS count FROM escalation WHERE state = 'waiting' AND kind = 'step'"
  return driver.prepare<{ count: number }>(sql).get()!.count
}

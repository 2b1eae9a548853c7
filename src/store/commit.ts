/** Reads the state for a decision, and writes its plan: as a whole, or not at all if the state has changed. */
import { Bug } from '../errors.ts'
import { type Driver, insert } from './driver.ts'
import { eventsOfAlerts, insertAlert, insertDivergence, mergeIntoAlert } from './rows/alerts.ts'
import { insertAudit, isKnownRequest, isStatusChanged, writeStatus } from './rows/audits.ts'
import { isHeld, writeCursor } from './rows/cursors.ts'
import { insertDelivery } from './rows/deliveries.ts'
import {
  applyStatusToEscalations,
  insertEscalation,
  isEscalationChanged,
  recordEscalation,
} from './rows/escalations.ts'
import { countMutedMatches } from './rows/groups.ts'
import {
  insertHandling,
  insertHit,
  isSilenceChanged,
  readRulesVersion,
  writeSilence,
} from './rows/handlings.ts'
import { areInhibitorsChanged, endInhibitions, insertInhibitor, readInhibitors } from './rows/inhibitors.ts'
import { readKv, writeKv } from './rows/kv.ts'
import { applyLimiterChange, isMutedMeanwhile } from './rows/limiters.ts'
import { requestUpdates } from './rows/updates.ts'
import { type VersionedRows, versionedRows } from './rows/versioned.ts'
import {
  type CommitAnswer,
  type CommitPlan,
  type ExpectedVersions,
  type Group,
  type LimiterState,
  NO_KEYS,
  NO_VERSION,
  type ReadKeys,
  type ReadState,
  type SignalRow,
  type Versioned,
} from './store.ts'

export function readState(driver: Driver, given: Partial<ReadKeys>, now: number): ReadState {
  const keys = { ...NO_KEYS, ...given }
  const groups = readAll(versionedRows<Group>(driver, 'alert_group'), keys.groups)
  const openAlerts = [...groups.values()].flatMap(({ value }) => value.alertId ?? [])
  return {
    groups,
    alertEvents: eventsOfAlerts(driver, openAlerts),
    rulesVersion: readRulesVersion(driver),
    limiters: readAll(versionedRows<LimiterState>(driver, 'limiter'), keys.limiters),
    inhibitors: readInhibitors(driver, keys.inhibitors),
    seen: new Set(keys.seen.filter((id) => isSeen(driver, id, now))),
  }
}

function readAll<T>(rows: VersionedRows<T>, keys: readonly string[]): Map<string, Versioned<T>> {
  return new Map(
    keys.flatMap((key) => {
      const row = rows.read(key)
      return row ? [[key, row] as const] : []
    }),
  )
}

export function commitPlan(
  driver: Driver,
  plan: CommitPlan,
  expected: ExpectedVersions,
  now: number,
): CommitAnswer {
  if ([...expected.cursors].some(([source, version]) => !isHeld(driver, source, version))) return 'fenced'
  const groups = versionedRows<Group>(driver, 'alert_group')
  const limiters = versionedRows<LimiterState>(driver, 'limiter')
  // Two requests with the same id may both have read "not seen": the second must not count its event again.
  const seenMeanwhile = plan.seen.some(({ id }) => isSeen(driver, id, now))
  const mutedMeanwhile = plan.limiterChanges.some((change) => isMutedMeanwhile(driver, change))
  if (seenMeanwhile || mutedMeanwhile) return 'conflict'
  if (plan.audits.some((audit) => isKnownRequest(driver, audit))) return 'conflict'
  if (plan.statuses.some((change) => isStatusChanged(driver, change))) return 'conflict'
  if (expected.rules !== null && expected.rules !== readRulesVersion(driver)) return 'conflict'
  if (areInhibitorsChanged(driver, expected.inhibitors)) return 'conflict'
  if (plan.silences.some((silence) => isSilenceChanged(driver, silence))) return 'conflict'
  if (plan.escalationOutcomes.some((outcome) => isEscalationChanged(driver, outcome))) return 'conflict'
  if (hasChanged(groups, expected.groups) || hasChanged(limiters, expected.limiters)) return 'conflict'
  if (plan.kv.length > 0 && haveItemsChanged(driver, expected.items, now)) return 'conflict'

  for (const row of plan.cursors) writeCursor(driver, row, expected.cursors)
  for (const row of plan.seen) writeSeen(driver, row)
  for (const group of plan.groups) groups.write(group.key, group, nextVersion(expected.groups, group.key))
  for (const limiter of plan.limiters)
    limiters.write(limiter.detection, limiter, nextVersion(expected.limiters, limiter.detection))
  for (const change of plan.limiterChanges) applyLimiterChange(driver, change)
  // The order matters: deliveries refer to alerts, and one plan can create an alert and add to it.
  for (const alert of plan.alerts) insertAlert(driver, alert)
  for (const merge of plan.merges) mergeIntoAlert(driver, merge)
  for (const matches of plan.mutedMatches) countMutedMatches(driver, matches)
  for (const { alertId, divergence } of plan.divergences) insertDivergence(driver, alertId, divergence)
  for (const delivery of plan.deliveries) insertDelivery(driver, delivery)
  for (const handling of plan.handlings) insertHandling(driver, handling)
  for (const hit of plan.silenceHits) insertHit(driver, hit)
  for (const silence of plan.silences) writeSilence(driver, silence)
  for (const inhibitor of plan.inhibitors) insertInhibitor(driver, inhibitor)
  for (const escalation of plan.escalations) insertEscalation(driver, escalation)
  for (const outcome of plan.escalationOutcomes) recordEscalation(driver, outcome)
  for (const change of plan.statuses) {
    applyStatusToEscalations(driver, change.alertId, change.status, now)
    if (change.status.status === 'resolved') endInhibitions(driver, change.alertId)
    writeStatus(driver, change)
  }
  for (const audit of plan.audits) insertAudit(driver, audit)
  requestUpdates(driver, plan, now)
  for (const signal of plan.signals) insertSignal(driver, signal, now)
  for (const entry of plan.kv) writeKv(driver, entry)
  return 'ok'
}

function hasChanged<T>(rows: VersionedRows<T>, expected: ReadonlyMap<string, number>): boolean {
  return [...expected].some(([key, version]) => rows.version(key) !== version)
}

function haveItemsChanged(driver: Driver, expected: ExpectedVersions['items'], now: number): boolean {
  const present = readKv(driver, [...expected.keys()], now)
  return [...expected].some(([key, version]) => (present.get(key)?.version ?? NO_VERSION) !== version)
}

function nextVersion(expected: ReadonlyMap<string, number>, key: string): number {
  const version = expected.get(key)
  if (version === undefined) throw new Bug(`the plan writes ${key} without having read it`)
  return version + 1
}

function isSeen(driver: Driver, id: string, now: number): boolean {
  const sql = 'SELECT 1 FROM seen WHERE id = :id AND until > :now'
  return driver.prepare(sql).get({ id, now }) !== undefined
}

function writeSeen(driver: Driver, row: CommitPlan['seen'][number]): void {
  insert(driver, 'seen', row, 'ON CONFLICT (id) DO UPDATE SET until = excluded.until')
}

function insertSignal(driver: Driver, signal: SignalRow, now: number): void {
  insert(driver, 'signal', {
    detection: signal.detection,
    at: signal.at,
    happened_at: signal.happenedAt,
    row_id: signal.rowId,
    log_type: signal.logType,
    alert_id: signal.alertId,
    fields: signal.fields,
    recorded_at: now,
  })
}

/** Rows of deliveries and the history of their attempts: insert, list, count, retry. */
import type { AlertUpdate } from '../../model/alerts/alert-update.ts'
import { type Driver, insert } from '../driver.ts'
import {
  type Attempt,
  type Backlog,
  DELIVERY_STATES,
  type DeliveryCounts,
  type DeliveryFilter,
  type DeliveryRow,
  type DeliveryState,
  type NewDelivery,
  type RetriedBy,
  type Store,
  UNDELIVERED_STATES,
} from '../store.ts'
import { insertAudit, isKnownRequest } from './audits.ts'
import { joinDigest } from './digests.ts'
import { orderUpdates } from './update-order.ts'
import { whereClause } from './where-clause.ts'

/** A delivery as it is read: JSON columns are text. */
export type StoredDelivery = Omit<DeliveryRow, 'alertIds' | 'update'> & {
  readonly alertIds: string
  readonly update: string | null
}

/** The columns of a delivery, in SELECT and RETURNING. */
export const DELIVERY_COLUMNS = `id, kind, destination_key AS destinationKey, destination, state, due, attempts,
  created_at AS createdAt, paused_ms AS pausedMs, reason, message, update_of AS updateOf, update_body AS "update",
  remote_reference AS remoteReference,
  (SELECT json_group_array(alert_id) FROM delivery_item WHERE delivery_id = delivery.id) AS alertIds`

export function toDelivery(row: StoredDelivery): DeliveryRow {
  return {
    ...row,
    alertIds: JSON.parse(row.alertIds) as string[],
    update: row.update === null ? null : (JSON.parse(row.update) as AlertUpdate),
  }
}

/** The reference that the provider's record of a delivery has; null: it has none, or it was not kept. */
export function remoteReferenceOf(driver: Driver, id: string): string | null {
  const row = driver
    .prepare<{ reference: string | null }>(
      'SELECT remote_reference AS reference FROM delivery WHERE id = :id',
    )
    .get({ id })
  return row?.reference ?? null
}

export function insertDelivery(driver: Driver, delivery: NewDelivery): void {
  if (joinDigest(driver, delivery)) return
  const created = insert(
    driver,
    'delivery',
    {
      id: delivery.id,
      kind: 'single',
      destination_key: delivery.destinationKey,
      destination: delivery.destination,
      state: 'pending',
      due: delivery.due,
      not_before: delivery.notBefore ?? null,
      gather_key: delivery.gather?.key ?? null,
      attempts: 0,
      created_at: delivery.createdAt,
      paused_ms: 0,
      reason: delivery.reason,
      message: '',
    },
    'ON CONFLICT (id) DO NOTHING',
  )
  if (created > 0) insert(driver, 'delivery_item', { delivery_id: delivery.id, alert_id: delivery.alertId })
}

const UNMARKED = `NOT EXISTS (
  SELECT 1 FROM delivery_item own JOIN delivery_item beside USING (alert_id)
    JOIN delivery marked ON marked.id = beside.delivery_id
  WHERE own.delivery_id = delivery.id AND substr(marked.reason, 1, length(:mark)) = :mark)`

const MISSING = `EXISTS (
  SELECT 1 FROM delivery_item own, json_each(:keys) key WHERE own.delivery_id = delivery.id AND NOT EXISTS (
    SELECT 1 FROM delivery_item beside JOIN delivery other ON other.id = beside.delivery_id
    WHERE beside.alert_id = own.alert_id AND other.destination_key = key.value))`

/** Lists deliveries, newest first; oldest first within a range of creation. */
export function listDeliveries(driver: Driver, filter: DeliveryFilter): DeliveryRow[] {
  const { where, params } = whereClause(
    {
      id: filter.id,
      states: filter.states && JSON.stringify(filter.states),
      kind: filter.kind,
      destination: filter.destination,
      alertId: filter.alertId,
      mark: filter.unlessBeside,
      keys: filter.missingAt && JSON.stringify(filter.missingAt),
      from: filter.created?.from,
      until: filter.created?.until,
    },
    {
      id: 'id = :id',
      states: 'state IN (SELECT value FROM json_each(:states))',
      kind: 'kind = :kind',
      destination: ':destination IN (destination, destination_key)',
      alertId: 'id IN (SELECT delivery_id FROM delivery_item WHERE alert_id = :alertId)',
      mark: UNMARKED,
      keys: MISSING,
      from: 'created_at >= :from',
      until: 'created_at <= :until',
    },
  )
  const order = filter.created ? 'ASC' : 'DESC'
  return driver
    .prepare<StoredDelivery>(
      `SELECT ${DELIVERY_COLUMNS} FROM delivery ${where} ORDER BY created_at ${order}, seq ${order} LIMIT :limit`,
    )
    .all({ ...params, limit: filter.limit })
    .map(toDelivery)
}

const COUNTS = `SELECT state, count(*) AS n FROM delivery
  WHERE state IN (SELECT value FROM json_each(:states)) GROUP BY state`

const SCHEDULED = `SELECT state, count(*) AS n FROM delivery
  WHERE state IN ('pending', 'queued') AND due > :now GROUP BY state`

/** @param now what is due after it and was never tried is scheduled. */
export function countDeliveries(
  driver: Driver,
  now: number,
  states: readonly DeliveryState[] = DELIVERY_STATES,
): DeliveryCounts {
  type Count = { readonly state: DeliveryState; readonly n: number }
  const names = [...DELIVERY_STATES, 'scheduled'] as const
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<keyof DeliveryCounts, number>
  for (const { state, n } of driver.prepare<Count>(COUNTS).all({ states: JSON.stringify(states) }))
    counts[state] = n
  for (const { state, n } of driver.prepare<Count>(SCHEDULED).all({ now })) {
    if (!states.includes(state)) continue
    counts[state] -= n
    counts.scheduled += n
  }
  return counts
}

const BACKLOG = `SELECT destination_key AS destinationKey, count(*) AS count,
    CASE WHEN state IN ('pending', 'queued') AND due > :now THEN 'scheduled' ELSE state END AS status
  FROM delivery WHERE state IN (SELECT value FROM json_each(:states)) GROUP BY destination_key, status`

/** @param now what is due after it and was never tried is scheduled. */
export function listBacklog(driver: Driver, now: number): Backlog[] {
  const states = JSON.stringify(UNDELIVERED_STATES)
  return driver
    .prepare<Backlog>(BACKLOG)
    .all({ states, now })
    .map((row) => ({ ...row }))
}

export function listAttempts(driver: Driver, deliveryId: string): Attempt[] {
  return driver
    .prepare<Attempt>(
      `SELECT n, at, status, ms, outcome, message FROM attempt WHERE delivery_id = :deliveryId ORDER BY n`,
    )
    .all({ deliveryId })
    .map((row) => ({ ...row }))
}

/** An update that is brought back takes its turn. */
export const REVIVED_STATE = "CASE kind WHEN 'update' THEN 'queued' ELSE 'pending' END"

const RETRYABLE: readonly DeliveryState[] = ['dead', 'orphaned', 'waiting']

export function retryDeliveries(
  driver: Driver,
  selection: Parameters<Store['retry']>[0],
  by: Parameters<Store['retry']>[1],
  now: number,
): number {
  if (by !== undefined && isKnownRequest(driver, by)) return 0
  const ids = 'ids' in selection ? selection.ids : retryableIds(driver, selection)
  const revive = driver.prepare<Revived>(
    `UPDATE delivery SET state = ${REVIVED_STATE}, due = :now, attempts = 0, created_at = :now, paused_ms = 0
     WHERE id = :id AND state IN (SELECT value FROM json_each(:states))
     RETURNING id, destination, coalesce(update_of, id) AS first`,
  )
  const states = JSON.stringify(retryableStates(selection))
  const revived = ids.flatMap((id) => revive.all({ id, now, states }))
  for (const first of new Set(revived.map((row) => row.first))) orderUpdates(driver, first, now)
  if (by !== undefined)
    for (const [i, each] of revived.entries())
      auditRetry(driver, each, i === 0 ? by : { ...by, requestId: null }, now)
  return revived.length
}

interface Revived {
  readonly id: string
  readonly destination: string
  readonly first: string
}

function auditRetry(
  driver: Driver,
  { id, destination }: Revived,
  { actor, via, requestId = null }: RetriedBy,
  at: number,
): void {
  const alerts = driver
    .prepare<{ alertId: string }>('SELECT alert_id AS alertId FROM delivery_item WHERE delivery_id = :id')
    .all({ id })
  const act = {
    at,
    verb: 'retried',
    before: '',
    after: destination,
    note: '',
    origin: null,
  } as const
  for (const [i, { alertId }] of alerts.entries())
    insertAudit(driver, {
      ...act,
      actor,
      via,
      requestId: i === 0 ? requestId : null,
      subject: { kind: 'alert', id: alertId },
    })
}

function retryableIds(driver: Driver, filter: DeliveryFilter): string[] {
  const states = retryableStates(filter)
  return listDeliveries(driver, { ...filter, states }).map((delivery) => delivery.id)
}

function retryableStates({ states }: Pick<DeliveryFilter, 'states'>): DeliveryState[] {
  return RETRYABLE.filter((state) => states?.includes(state) ?? true)
}

/** No wait is longer. A later due date was made by another clock. */
const MAX_DUE_AHEAD_MS = 60 * 60_000

/**
 * An update about repeated events waits for its time. It never waits longer than the interval of its destination, and a
 * digest never longer than its window.
 */
const LATEST_DUE = `CASE kind WHEN 'digest' THEN
    CASE state WHEN 'pending' THEN :now + coalesce(gather_ms, 0) ELSE :latest END
  WHEN 'update' THEN :now + coalesce(
    (SELECT max(repeat_every_ms) FROM update_subscription s WHERE s.destination_key = delivery.destination_key), 0)
  ELSE CASE state WHEN 'pending' THEN :now ELSE :latest END END`

/**
 * A delivery that was never tried is due now: a plan from before the clock was set back can be committed after it. The hours
 * of a destination do not move with the clock.
 */
export function shiftDeliveryDueDates(driver: Driver, ms: number, now: number): void {
  driver
    .prepare(
      `UPDATE delivery SET due = min(due - :ms, ${LATEST_DUE})
       WHERE state IN ('pending', 'waiting', 'queued') AND due > :now AND (:ms > 0 OR due > ${LATEST_DUE})
         AND coalesce(not_before, 0) < due`,
    )
    .run({ ms, now, latest: now + MAX_DUE_AHEAD_MS })
}

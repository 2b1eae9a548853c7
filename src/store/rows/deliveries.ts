/** Rows of deliveries and the history of their attempts: insert, list, count, retry. */
import { type Driver, insert } from '../driver.ts'
import {
  type Attempt,
  type Backlog,
  DELIVERY_STATES,
  type DeliveryFilter,
  type DeliveryRow,
  type DeliveryState,
  type NewDelivery,
  type Store,
} from '../store.ts'
import { whereClause } from './where-clause.ts'

export type StoredDelivery = Omit<DeliveryRow, 'alertIds'> & { readonly alertIds: string }

/** The columns of a delivery, in SELECT and RETURNING. */
export const DELIVERY_COLUMNS = `id, kind, destination_key AS destinationKey, destination, state, due, attempts,
  created_at AS createdAt, paused_ms AS pausedMs, reason, message,
  (SELECT json_group_array(alert_id) FROM delivery_item WHERE delivery_id = delivery.id) AS alertIds`

export function toDelivery(row: StoredDelivery): DeliveryRow {
  return { ...row, alertIds: JSON.parse(row.alertIds) as string[] }
}

export function insertDelivery(driver: Driver, delivery: NewDelivery): void {
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
      states: filter.states && JSON.stringify(filter.states),
      destination: filter.destination,
      alertId: filter.alertId,
      mark: filter.unlessBeside,
      keys: filter.missingAt && JSON.stringify(filter.missingAt),
      from: filter.created?.from,
      until: filter.created?.until,
    },
    {
      states: 'state IN (SELECT value FROM json_each(:states))',
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

export function countDeliveries(
  driver: Driver,
  states: readonly DeliveryState[] = DELIVERY_STATES,
): Record<DeliveryState, number> {
  const counts = { pending: 0, sending: 0, delivered: 0, waiting: 0, dead: 0, orphaned: 0 }
  const rows = driver
    .prepare<{ state: DeliveryState; n: number }>(
      'SELECT state, count(*) AS n FROM delivery WHERE state IN (SELECT value FROM json_each(:states)) GROUP BY state',
    )
    .all({ states: JSON.stringify(states) })
  for (const { state, n } of rows) counts[state] = n
  return counts
}

export function listBacklog(driver: Driver): Backlog[] {
  const states = JSON.stringify(DELIVERY_STATES.filter((state) => state !== 'delivered'))
  return driver
    .prepare<Backlog>(
      `SELECT destination_key AS destinationKey, state, count(*) AS count FROM delivery
       WHERE state IN (SELECT value FROM json_each(:states)) GROUP BY destination_key, state`,
    )
    .all({ states })
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

const RETRYABLE: readonly DeliveryState[] = ['dead', 'orphaned', 'waiting']

export function retryDeliveries(
  driver: Driver,
  selection: Parameters<Store['retry']>[0],
  now: number,
): number {
  const ids = 'ids' in selection ? selection.ids : retryableIds(driver, selection)
  const revive = driver.prepare(
    `UPDATE delivery SET state = 'pending', due = :now, attempts = 0, created_at = :now, paused_ms = 0
     WHERE id = :id AND state IN (SELECT value FROM json_each(:states))`,
  )
  const states = JSON.stringify(retryableStates(selection))
  return ids.reduce((changed, id) => changed + revive.run({ id, now, states }), 0)
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

/** A delivery that was never tried is due now: a plan from before the clock was set back can be committed after it. */
export function shiftDeliveryDueDates(driver: Driver, ms: number, now: number): void {
  driver
    .prepare(
      `UPDATE delivery SET due = CASE state WHEN 'pending' THEN :now ELSE min(due - :ms, :latest) END
       WHERE state IN ('pending', 'waiting') AND due > :now AND (state = 'pending' OR :ms > 0 OR due > :latest)`,
    )
    .run({ ms, now, latest: now + MAX_DUE_AHEAD_MS })
}

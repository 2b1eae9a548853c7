/** Rows of signals, one per match. Correlation reads them in the order in which they came, or by the time of their events. */
import type { Driver } from '../driver.ts'
import type { SignalFilter, StoredSignal } from '../store.ts'
import { whereClause } from './where-clause.ts'

const SELECT = `
  SELECT id, detection, at, happened_at AS happenedAt, row_id AS rowId, log_type AS logType,
    alert_id AS alertId, fields
  FROM signal`

export function listSignals(
  driver: Driver,
  { detections, after, happened, latest = false, limit }: SignalFilter,
): StoredSignal[] {
  // After a cursor there are few signals, however many a detection has: the plus keeps SQLite from using its index.
  const column = after === undefined ? 'detection' : '+detection'
  const { where, params } = whereClause(
    {
      detections: detections && JSON.stringify(detections),
      after,
      from: happened?.from,
      to: happened?.to,
    },
    {
      detections: `${column} IN (SELECT value FROM json_each(:detections))`,
      after: 'id > :after',
      from: 'happened_at >= :from',
      to: 'happened_at <= :to',
    },
  )
  const rows = driver
    .prepare<StoredSignal>(`${SELECT} ${where} ORDER BY id ${latest ? 'DESC' : 'ASC'} LIMIT :limit`)
    .all({ ...params, limit })
    .map((row) => ({ ...row }))
  return latest ? rows.reverse() : rows
}

export function latestSignal(driver: Driver): number {
  return driver.prepare<{ id: number | null }>('SELECT max(id) AS id FROM signal').get()?.id ?? 0
}

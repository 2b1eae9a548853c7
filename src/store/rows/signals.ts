/**
 * Rows of signals, one per match. Correlation reads them in the order of their commits, or by the time of their events.
 * Commits come one after the other, so that their order is the order of the ids.
 */
import type { Driver } from '../driver.ts'
import type { SignalFilter, SignalPosition, StoredSignal } from '../store.ts'
import { whereClause } from './where-clause.ts'

const SELECT = `
  SELECT id, detection, at, happened_at AS happenedAt, row_id AS rowId, log_type AS logType,
    alert_id AS alertId, fields
  FROM signal`

const POSITION_DIGITS = 16

function positionOf(id: number): SignalPosition {
  return String(id).padStart(POSITION_DIGITS, '0')
}

export function listSignals(
  driver: Driver,
  { detections, after, upTo, happened, latest = false, limit }: SignalFilter,
): StoredSignal[] {
  // After a cursor there are few signals, however many a detection has: the plus keeps SQLite from using its index.
  const column = after === undefined ? 'detection' : '+detection'
  const { where, params } = whereClause(
    {
      detections: detections && JSON.stringify(detections),
      after: after && Number(after),
      upTo: upTo && Number(upTo),
      from: happened?.from,
      to: happened?.to,
    },
    {
      detections: `${column} IN (SELECT value FROM json_each(:detections))`,
      after: 'id > :after',
      upTo: 'id <= :upTo',
      from: 'happened_at >= :from',
      to: 'happened_at <= :to',
    },
  )
  const rows = driver
    .prepare<Omit<StoredSignal, 'position'>>(
      `${SELECT} ${where} ORDER BY id ${latest ? 'DESC' : 'ASC'} LIMIT :limit`,
    )
    .all({ ...params, limit })
    .map((row) => ({ ...row, position: positionOf(row.id) }))
  return latest ? rows.reverse() : rows
}

/** The number of the signal that came last, also if it is deleted meanwhile. */
export function signalHorizon(driver: Driver): SignalPosition {
  const sql = "SELECT seq FROM sqlite_sequence WHERE name = 'signal'"
  return positionOf(driver.prepare<{ seq: number }>(sql).get()?.seq ?? 0)
}

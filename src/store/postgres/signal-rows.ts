/** Reads signals: in the order of their commits, or by the time of their events. */
import type { SignalFilter, SignalPosition, StoredSignal } from '../store.ts'
import type { Database } from './database.ts'
import { whereAll } from './where-all.ts'

/** Numbers are given in the order of the commits, so that a number in so many digits is a position. */
const POSITION_DIGITS = 16

function positionOf(id: number): SignalPosition {
  return String(id).padStart(POSITION_DIGITS, '0')
}

export async function listSignals(database: Database, filter: SignalFilter): Promise<StoredSignal[]> {
  const { where, parameters } = whereAll([
    ['detection = ANY (?::text[])', filter.detections],
    ['id > ?', filter.after && Number(filter.after)],
    ['id <= ?', filter.upTo && Number(filter.upTo)],
    ['happened_at >= ?', filter.happened?.from],
    ['happened_at <= ?', filter.happened?.to],
  ])
  const rows = await database.query<Omit<StoredSignal, 'position'>>(
    `SELECT id, detection, at, happened_at AS "happenedAt", row_id AS "rowId", log_type AS "logType",
       alert_id AS "alertId", fields
     FROM signal ${where} ORDER BY id ${filter.latest ? 'DESC' : 'ASC'} LIMIT $${parameters.length + 1}`,
    [...parameters, filter.limit],
  )
  const signals = rows.map((row) => ({ ...row, position: positionOf(row.id) }))
  return filter.latest ? signals.reverse() : signals
}

/** The number of the signal that was committed last: a commit that is under way gets a higher one. */
export async function signalHorizon(database: Database): Promise<SignalPosition> {
  const [row] = await database.query<{ value: number }>("SELECT value FROM counter WHERE name = 'signal'")
  return positionOf(row!.value)
}

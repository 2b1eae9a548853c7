/** Deletes expired rows in small batches with the commits. Alerts and deliveries are never deleted. */
import { ageMs } from '../../core/age.ts'
import { ClockTrust } from '../clock-trust.ts'
import type { Driver } from '../driver.ts'

const INTERVAL_MS = 60_000
/** A pass deletes at most so many rows of a table, so that it does not delay the commit. */
const MAX_ROWS_PER_PASS = 1_000

const DAY_MS = 24 * 60 * 60_000
export const SIGNAL_TTL_MS = 14 * DAY_MS
const SLOT_TTL_MS = 90 * DAY_MS
/** A queue keeps a message for 14 days at most, so the partition that it names is not named again after that. */
export const FINISHED_TTL_MS = 15 * DAY_MS

interface Retention {
  /** It must be called within a transaction. */
  purge(driver: Driver, now: number): void
}

/** @param monotonic returns milliseconds of a monotonic clock. */
export function createRetention(signalsKeptMs: number, monotonic: () => number): Retention {
  const passes = [
    { sql: expired('seen', 'id', 'until'), keptMs: 0 },
    { sql: expired('kv', 'key', 'expires_at'), keptMs: 0 },
    { sql: expired('signal', 'id', 'recorded_at'), keptMs: signalsKeptMs },
    { sql: expired('inhibitor', '(key, alert_id)', 'until'), keptMs: 0 },
    { sql: expired('source_cursor', 'source', 'done_at'), keptMs: FINISHED_TTL_MS },
    // Only earlier versions have written slots.
    { sql: expired('once', '(job, slot)', 'recorded_at'), keptMs: SLOT_TTL_MS },
  ]
  const trust = new ClockTrust()
  let lastAt = Number.NEGATIVE_INFINITY
  return {
    purge: (driver, now) => {
      if (!trust.isTrusted({ now, monotonic: monotonic() }, () => newestTime(driver))) return
      if (ageMs(lastAt, now) < INTERVAL_MS) return
      const removed = passes.map(({ sql, keptMs }) =>
        driver.prepare(sql).run({ before: now - keptMs, batch: MAX_ROWS_PER_PASS }),
      )
      // If more rows are expired, the next commit deletes them.
      lastAt = removed.includes(MAX_ROWS_PER_PASS) ? Number.NEGATIVE_INFINITY : now
    },
  }
}

/** The time of the row that was stored last, even if other rows have a later time. */
function newestTime(driver: Driver): number | null {
  const row = driver
    .prepare<{ at: number | null }>(
      `SELECT max(coalesce((SELECT created_at FROM alert ORDER BY seq DESC LIMIT 1), 0),
         coalesce((SELECT recorded_at FROM signal ORDER BY id DESC LIMIT 1), 0)) AS at`,
    )
    .get()
  return row?.at || null
}

function expired(table: string, key: string, time: string): string {
  const columns = key.replace(/[()]/g, '')
  return `DELETE FROM ${table} WHERE ${key} IN
    (SELECT ${columns} FROM ${table} WHERE ${time} <= :before ORDER BY ${time} LIMIT :batch)`
}

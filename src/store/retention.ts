/** Removes what has had its time, a little with every so many commits. Alerts and deliveries are never touched. */
import type { Driver } from './driver.ts'

const INTERVAL_MS = 60_000
/** Rows per table and pass, so that a pass never holds up a commit. */
const BATCH = 1_000

const DAY_MS = 24 * 60 * 60_000
export const SIGNALS_KEPT_MS = 14 * DAY_MS
const SLOTS_KEPT_MS = 90 * DAY_MS

export interface Retention {
  /** Called within a transaction. */
  purge(driver: Driver, now: number): void
}

export function retention(signalsKeptMs: number): Retention {
  const passes = [
    { sql: expired('seen', 'id', 'until'), keptMs: 0 },
    { sql: expired('kv', 'key', 'expires_at'), keptMs: 0 },
    { sql: expired('signal', 'id', 'recorded_at'), keptMs: signalsKeptMs },
    { sql: expired('once', '(job, slot)', 'recorded_at'), keptMs: SLOTS_KEPT_MS },
  ]
  let due = 0
  return {
    purge: (driver, now) => {
      if (now < due) return
      const removed = passes.map(({ sql, keptMs }) =>
        driver.prepare(sql).run({ before: now - keptMs, batch: BATCH }),
      )
      due = removed.includes(BATCH) ? now : now + INTERVAL_MS
    },
  }
}

function expired(table: string, key: string, time: string): string {
  const columns = key.replace(/[()]/g, '')
  return `DELETE FROM ${table} WHERE ${key} IN
    (SELECT ${columns} FROM ${table} WHERE ${time} <= :before ORDER BY ${time} LIMIT :batch)`
}

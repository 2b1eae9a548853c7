/** Checks a SQLite store: its pages, its references, its counts. It writes nothing. */

import { migrationCount } from '../migrate.ts'
import { ORPHAN_CHECKS } from '../rows/orphan-checks.ts'
import type { StoreFile } from '../store-file.ts'
import type { StoreFault, StoreReport } from '../store-report.ts'

const RESTORE = 'restore a backup, or export what is left with the shell of SQLite'

export function checkFile({ driver, location }: StoreFile, now: number): StoreReport {
  const one = <R>(sql: string, parameters = {}) => driver.prepare<R>(sql).get(parameters)!
  const { user_version: version } = one<{ user_version: number }>('PRAGMA user_version')
  const names = driver
    .prepare<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'alert_text%' ORDER BY name",
    )
    .all()
  const tables = names.map(({ name }) => ({
    table: name,
    rows: one<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).n,
  }))
  const faults: StoreFault[] = []
  for (const { quick_check: line } of driver.prepare<{ quick_check: string }>('PRAGMA quick_check(5)').all())
    if (line !== 'ok') faults.push({ check: 'damaged-file', message: line, hint: RESTORE })
  for (const { what, sql } of ORPHAN_CHECKS) {
    const { count } = one<{ count: number }>(sql)
    if (count > 0) faults.push({ check: 'orphan-rows', message: `${count} ${what}`, hint: RESTORE })
  }
  const sending = "SELECT count(*) AS n FROM delivery WHERE state = 'sending' AND lease_until > :now"
  const partitions = 'SELECT count(*) AS n FROM source_cursor WHERE lease_until > :now'
  const events = 'SELECT coalesce(sum(events), 0) AS n FROM alert_progress'
  return {
    store: location,
    schema: { version, newest: migrationCount() },
    tables,
    leases: {
      deliveries: one<{ n: number }>(sending, { now }).n,
      partitions: one<{ n: number }>(partitions, { now }).n,
    },
    events: { counted: one<{ n: number }>(events).n, unfolded: 0 },
    settings: [],
    replicas: null,
    faults,
  }
}

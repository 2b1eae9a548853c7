/** Rows that are read by key only: JSON documents with a version that optimistic writers compare. */
import type { Driver } from '../driver.ts'
import type { Versioned } from '../store.ts'

export interface VersionedRows<T> {
  read(key: string): Versioned<T> | undefined
  /** The version is 0 if there is no row. */
  version(key: string): number
  write(key: string, value: T, version: number): void
}

export function versionedRows<T>(
  driver: Driver,
  table: 'alert_group' | 'limiter' | 'destination_state',
): VersionedRows<T> {
  return {
    read: (key) => {
      const row = driver
        .prepare<{ version: number; body: string }>(`SELECT version, body FROM ${table} WHERE key = :key`)
        .get({ key })
      return row && { value: JSON.parse(row.body) as T, version: row.version }
    },
    version: (key) =>
      driver.prepare<{ version: number }>(`SELECT version FROM ${table} WHERE key = :key`).get({ key })
        ?.version ?? 0,
    write: (key, value, version) => {
      driver
        .prepare(
          `INSERT INTO ${table} (key, version, body) VALUES (:key, :version, :body)
           ON CONFLICT (key) DO UPDATE SET version = excluded.version, body = excluded.body`,
        )
        .run({ key, version, body: JSON.stringify(value) })
    },
  }
}

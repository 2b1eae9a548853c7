/** Rows of the caching helpers: texts by key, each with the version of its last write. */
import { randomUUID } from 'node:crypto'
import { type Driver, insert } from '../driver.ts'
import type { KvItem, KvWrite } from '../store.ts'

export function readKv(driver: Driver, keys: readonly string[], now: number): Map<string, KvItem> {
  const get = driver.prepare<KvItem>(
    'SELECT value, version FROM kv WHERE key = :key AND (expires_at IS NULL OR expires_at > :now)',
  )
  return new Map(
    keys.flatMap((key) => {
      const row = get.get({ key, now })
      return row ? [[key, { value: row.value, version: row.version }] as const] : []
    }),
  )
}

export function writeKv(driver: Driver, { key, value, expiresAt, version = randomUUID() }: KvWrite): void {
  if (value === null) {
    driver.prepare('DELETE FROM kv WHERE key = :key').run({ key })
    return
  }
  const replace = `ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at,
    version = excluded.version`
  insert(driver, 'kv', { key, value, expires_at: expiresAt, version }, replace)
}

/** Finds and removes what retention removes. The conditions are those of the functions in PostgreSQL. */
import type { Driver, Params } from '../driver.ts'
import type { ArchiveFile, RemovablePage, RemovableQuery, Removal, RemovalKind } from './removal-rows.ts'
import { TABLES_OF_ALERTS, TABLES_OF_DELIVERIES } from './removal-tables.ts'

const ITEMS = 'delivery_item i JOIN delivery d ON d.id = i.delivery_id WHERE i.alert_id = a.id'
const OPEN = "('pending', 'sending', 'waiting', 'queued')"

const CAN_LOSE_DELIVERIES = `s.status = 'resolved' AND s.changed_at < :before
  AND NOT EXISTS (SELECT 1 FROM ${ITEMS} AND (d.state IN ${OPEN} OR d.created_at >= :before))`

/** True for rows `a` of `alert` with `s` of `alert_status`. */
const CONDITIONS: Readonly<Record<Exclude<RemovalKind, 'audit'>, string>> = {
  alerts: `${CAN_LOSE_DELIVERIES} AND a.created_at < :before
    AND NOT EXISTS (SELECT 1 FROM alert_progress p WHERE p.alert_id = a.id AND p.last_event_at >= :before)
    AND NOT EXISTS (SELECT 1 FROM escalation e WHERE e.alert_id = a.id AND e.state = 'waiting' AND e.due IS NOT NULL)`,
  deliveries: `${CAN_LOSE_DELIVERIES} AND EXISTS (SELECT 1 FROM ${ITEMS})`,
}

const AUDIT_CONDITION = `t.at < :before
  AND NOT (t.subject_kind = 'alert' AND EXISTS (SELECT 1 FROM alert a WHERE a.id = t.subject))`

const PLACE_MS = 1_048_576

/** Each returns the id, whether the row can go, and its position as text. */
const PAGES: Readonly<Record<RemovalKind, string>> = {
  alerts: `SELECT a.id, (${CONDITIONS.alerts}) AS "can", CAST(x.place AS TEXT) AS position
    FROM alert_index x JOIN alert a ON a.seq = x.seq JOIN alert_status s ON s.alert_id = a.id
    WHERE x.status = 'resolved' AND x.place > CAST(:after AS INTEGER) AND x.place < CAST(:before AS INTEGER) * ${PLACE_MS}
    ORDER BY x.place LIMIT :limit`,
  deliveries: `SELECT a.id, (${CONDITIONS.deliveries}) AS "can", t.created_at || ':' || t.seq AS position
    FROM (SELECT id, created_at, seq FROM delivery
      WHERE (created_at, seq) > (:at, :seq) AND created_at < :before ORDER BY created_at, seq LIMIT :limit) t
      JOIN delivery_item o ON o.delivery_id = t.id JOIN alert a ON a.id = o.alert_id
      JOIN alert_status s ON s.alert_id = a.id
    ORDER BY t.created_at, t.seq`,
  audit: `SELECT CAST(t.seq AS TEXT) AS id, (${AUDIT_CONDITION}) AS "can", CAST(t.seq AS TEXT) AS position
    FROM audit t WHERE t.seq > CAST(:after AS INTEGER) AND t.seq < coalesce(
      (SELECT min(seq) FROM (SELECT seq, at FROM audit WHERE seq > CAST(:after AS INTEGER) ORDER BY seq LIMIT :limit)
       WHERE at >= :before), 9223372036854775807)
    ORDER BY t.seq LIMIT :limit`,
}

export function listRemovable(driver: Driver, query: RemovableQuery): RemovablePage {
  const { kind, limit } = query
  const rows = driver
    .prepare<{ id: string; can: number; position: string }>(PAGES[kind])
    .all({ before: Math.floor(query.before), limit, ...positionOf(query) })
  const positions = new Set(rows.map(({ position }) => position))
  return {
    ids: [...new Set(rows.filter(({ can }) => can === 1).map(({ id }) => id))],
    next: positions.size < limit ? null : rows.at(-1)!.position,
  }
}

function positionOf({ kind, after = '-1' }: RemovableQuery): Params {
  if (kind !== 'deliveries') return { after }
  const [at, seq] = after === '-1' ? [-1, 0] : after.split(':').map(Number)
  return { at: at!, seq: seq! }
}

/** It must be called within a transaction. */
export function removeRows(driver: Driver, removal: Removal, now: number): boolean {
  const { kind, archive } = removal
  const ids = JSON.stringify(removal.ids)
  const before = Math.floor(removal.before)
  const { n } = driver
    .prepare<{ n: number }>(
      kind === 'audit'
        ? `SELECT count(*) AS n FROM json_each(:ids) g JOIN audit t ON t.seq = CAST(g.value AS INTEGER)
           WHERE ${AUDIT_CONDITION}`
        : `SELECT count(*) AS n FROM json_each(:ids) g JOIN alert a ON a.id = g.value
           JOIN alert_status s ON s.alert_id = a.id WHERE ${CONDITIONS[kind]}`,
    )
    .get({ ids, before })!
  if (n !== removal.ids.length) return false
  if (archive !== null && !enterFile(driver, archive, now)) return false
  if (kind === 'audit') {
    driver
      .prepare('DELETE FROM audit WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(:ids))')
      .run({ ids })
    return true
  }
  removeDeliveries(driver, ids)
  if (kind === 'deliveries') return true
  for (const table of TABLES_OF_ALERTS)
    driver.prepare(`DELETE FROM ${table} WHERE alert_id IN (SELECT value FROM json_each(:ids))`).run({ ids })
  driver.prepare('DELETE FROM alert WHERE id IN (SELECT value FROM json_each(:ids))').run({ ids })
  return true
}

/** A delivery of several alerts stays until the last of them is removed. */
function removeDeliveries(driver: Driver, alertIds: string): void {
  const deliveries = driver
    .prepare<{ id: string }>(
      `SELECT DISTINCT i.delivery_id AS id FROM delivery_item i
       WHERE i.alert_id IN (SELECT value FROM json_each(:ids)) AND NOT EXISTS (
         SELECT 1 FROM delivery_item o WHERE o.delivery_id = i.delivery_id
           AND o.alert_id NOT IN (SELECT value FROM json_each(:ids)))`,
    )
    .all({ ids: alertIds })
  driver
    .prepare('DELETE FROM delivery_item WHERE alert_id IN (SELECT value FROM json_each(:ids))')
    .run({ ids: alertIds })
  const ids = JSON.stringify(deliveries.map(({ id }) => id))
  for (const table of TABLES_OF_DELIVERIES)
    driver
      .prepare(`DELETE FROM ${table} WHERE delivery_id IN (SELECT value FROM json_each(:ids))`)
      .run({ ids })
  driver.prepare('DELETE FROM delivery WHERE id IN (SELECT value FROM json_each(:ids))').run({ ids })
}

function enterFile(
  driver: Driver,
  { file, previous }: NonNullable<Removal['archive']>,
  now: number,
): boolean {
  const { name, bytes, lines, sha256 } = file
  const known = driver
    .prepare<{ bytes: number }>('SELECT bytes FROM archive_file WHERE name = :name')
    .get({ name })
  if ((known?.bytes ?? 0) !== previous) return false
  driver
    .prepare(
      `INSERT INTO archive_file (name, bytes, line_count, sha256, changed_at)
       VALUES (:name, :bytes, :lines, :sha256, :now) ON CONFLICT (name) DO UPDATE SET
         bytes = excluded.bytes, line_count = excluded.line_count, sha256 = excluded.sha256,
         changed_at = excluded.changed_at`,
    )
    .run({ name, bytes, lines, sha256, now })
  return true
}

export function listArchives(driver: Driver): ArchiveFile[] {
  return driver
    .prepare<ArchiveFile>('SELECT name, bytes, line_count AS lines, sha256 FROM archive_file ORDER BY name')
    .all()
}

export function usedBytes(driver: Driver): number {
  const { used } = driver
    .prepare<{ used: number }>(
      `SELECT (c.page_count - f.freelist_count) * s.page_size AS used
       FROM pragma_page_count() c, pragma_freelist_count() f, pragma_page_size() s`,
    )
    .get()!
  return used
}

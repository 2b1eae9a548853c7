/** Cursors of sources, and partitions, which are cursors that are held under a lease. */
import type { HeldCursor, PartitionRow, SourceReader, SourceShare, Store } from '../store.ts'
import type { Database } from './database.ts'
import { Json } from './pool.ts'

interface Caller {
  readonly holder: string | null
  readonly now: number | null
}

export async function readCursor(database: Database, source: string): Promise<string | null> {
  const sql = 'SELECT cursor FROM source_cursor WHERE source = $1'
  const [row] = await database.query<{ cursor: string | null }>(sql, [source])
  return row?.cursor ?? null
}

/** The owner is random, because versions can repeat after a backup was restored. */
export async function takeCursor(database: Database, source: string): Promise<HeldCursor> {
  const [held] = await database.query<HeldCursor>(
    `INSERT INTO source_cursor AS t (source, version, owner)
       VALUES ($1, 1, gen_random_uuid()::text)
     ON CONFLICT (source) DO UPDATE SET version = t.version + 1, owner = excluded.owner
     RETURNING source, cursor, version, owner`,
    [source],
  )
  return held!
}

export function claimPartitions(
  database: Database,
  { sources, limit, leaseMs, member }: Parameters<Store['claimPartitions']>[0],
  { holder, now }: Caller,
): Promise<HeldCursor[]> {
  return database.query<HeldCursor>('SELECT * FROM claim_partitions($1::text[], $2, $3, $4, $5, $6)', [
    sources,
    limit,
    leaseMs,
    member,
    holder,
    now,
  ])
}

export async function extendPartitions(
  database: Database,
  leases: Parameters<Store['extendPartitions']>[0],
  leaseMs: number,
  { holder, now }: Caller,
): Promise<boolean[]> {
  const rows = await database.query<{ source: string }>(
    'SELECT extend_partitions($1, $2, $3, $4) AS source',
    [new Json(leases), leaseMs, holder, now],
  )
  const held = new Set(rows.map(({ source }) => source))
  return leases.map(({ source }) => held.has(source))
}

export async function giveBackPartitions(
  database: Database,
  leases: Parameters<Store['giveBackPartitions']>[0],
): Promise<void> {
  await database.query('SELECT give_back_partitions($1)', [new Json(leases)])
}

export async function registerReader(
  database: Database,
  { source, reader, ttlMs, partitions }: SourceReader,
  now: number | null,
): Promise<SourceShare> {
  const rows = await database.query<{ readers: number; held: string | null }>(
    'SELECT readers, held FROM register_reader($1, $2, $3, $4::text[], $5)',
    [source, reader, ttlMs, partitions, now],
  )
  return { readers: rows[0]!.readers, held: rows.map(({ held }) => held).filter((held) => held !== null) }
}

export async function finishPartitions(
  database: Database,
  leases: Parameters<Store['finishPartitions']>[0],
  { holder, now }: Caller,
): Promise<void> {
  await database.query('SELECT finish_partitions($1, $2, $3)', [new Json(leases), holder, now])
}

/** Rows without a lease are finished, or are the cursors of other sources. */
export function listPartitions(database: Database): Promise<PartitionRow[]> {
  return database.query<PartitionRow>(
    `SELECT source, cursor, member, nullif(lease_until, 0) AS "leaseUntil", problem, lag, caught_up_at AS "caughtUpAt"
     FROM source_cursor WHERE lease_until IS NOT NULL ORDER BY source COLLATE "C"`,
  )
}

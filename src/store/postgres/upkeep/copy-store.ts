/**
 * Copies a SQLite store into an empty schema. The source accepts no writes meanwhile. The mark of the copy is made in the
 * source before the schema can be opened, so that at no moment both can be used. A copy that was cut off goes on where it
 * was, if nothing has written to the source since.
 */
import { UserError } from '../../../errors.ts'
import { beginCopy, markAsMoved, readCopyMark } from '../../sqlite/moved-store.ts'
import type { StoreFile } from '../../store-file.ts'
import type { Database } from '../database.ts'
import { prepareSchema, schemaVersion } from '../migrate-schema.ts'
import { LOCK_NAME } from '../schema-lock.ts'
import type { PostgresSettings } from '../store-url.ts'
import { COPIED_TABLES } from './copied-tables.ts'
import { CopyTarget } from './copy-target.ts'
import { openMaintenance } from './maintenance.ts'
import { copyTables } from './table-copy.ts'

export interface CopyResult {
  readonly from: string
  readonly to: string
  readonly status: 'copied' | 'copied-before' | 'dry-run'
  readonly tables: readonly { readonly table: string; readonly source: number; readonly target: number }[]
  /** Deliveries that were being sent when the source ended. They are sent again. */
  readonly uncertain: number
}

interface CopyOptions {
  readonly isDryRun: boolean
  readonly onProgress: (progress: {
    readonly table: string
    readonly rows: number
    readonly of: number
  }) => void
}

export async function copyToPostgres(
  source: StoreFile,
  settings: PostgresSettings,
  options: CopyOptions,
): Promise<CopyResult> {
  const database = openMaintenance(settings, { readOnly: options.isDryRun })
  try {
    return options.isDryRun ? await dryRun(source, database) : await copy(source, database, options)
  } finally {
    await database.close()
  }
}

async function dryRun(source: StoreFile, database: Database): Promise<CopyResult> {
  const counts = sourceCounts(source)
  if ((await schemaVersion(database)) > 0) {
    await prepareSchema(database, { create: false, readOnly: true, isCopy: true })
    await new CopyTarget(database).assertEmpty(source.location)
  }
  return result(source, database, { status: 'dry-run', counts, targetCounts: new Map(), uncertain: 0 })
}

async function copy(source: StoreFile, database: Database, options: CopyOptions): Promise<CopyResult> {
  const releaseSource = source.hold()
  const place = await database.hold()
  try {
    await prepareSchema(database, { create: true, readOnly: false, isCopy: true })
    const [lock] = await place.query<{ free: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS free',
      [LOCK_NAME(database.settings.schema)],
    )
    if (!lock!.free) throw heldTarget(database)
    return await copyHeld(source, database, options)
  } finally {
    await place.close().catch(() => {})
    releaseSource()
  }
}

async function copyHeld(
  source: StoreFile,
  database: Database,
  { onProgress }: CopyOptions,
): Promise<CopyResult> {
  const { driver, location } = source
  const target = new CopyTarget(database)
  const id = beginCopy(driver)
  const { movedTo } = readCopyMark(driver)!
  assertSameTarget(movedTo, database, location)
  const state = await target.begin(id, location)
  // Nothing is written to the source from here on, and all tables are read from one snapshot.
  driver.exec('BEGIN IMMEDIATE')
  try {
    const counts = sourceCounts(source)
    if (state !== 'finished') await copyTables(driver, database, { id, counts, onProgress })
    const targetCounts = await target.counts()
    if (state !== 'finished') assertEqual(counts, targetCounts, database)
    markAsMoved(driver, database.settings.location)
    driver.exec('COMMIT')
    const uncertain = state === 'finished' ? 0 : await target.finish(sequencesOf(source))
    const status = state === 'finished' ? 'copied-before' : 'copied'
    return result(source, database, { status, counts, targetCounts, uncertain })
  } catch (error) {
    if (driver.inTransaction()) driver.exec('ROLLBACK')
    throw error
  }
}

function sourceCounts({ driver }: StoreFile): Map<string, number> {
  const count = (table: string) =>
    driver.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()!.n
  return new Map(COPIED_TABLES.map(({ name }) => [name, count(name)]))
}

/** The last numbers that were given, also to rows that are deleted: readers continue behind them. */
function sequencesOf({ driver }: StoreFile): { signal: number; audit: number } {
  const last = (name: string) =>
    driver.prepare<{ seq: number }>('SELECT seq FROM sqlite_sequence WHERE name = :name').get({ name })
      ?.seq ?? 0
  return { signal: last('signal'), audit: last('audit') }
}

function result(
  source: StoreFile,
  { settings }: Database,
  found: Pick<CopyResult, 'status' | 'uncertain'> & {
    readonly counts: ReadonlyMap<string, number>
    readonly targetCounts: ReadonlyMap<string, number>
  },
): CopyResult {
  const { status, uncertain, counts, targetCounts } = found
  const tables = [...counts].map(([table, rows]) => ({
    table,
    source: rows,
    target: targetCounts.get(table) ?? 0,
  }))
  return { from: source.location, to: settings.location, status, tables, uncertain }
}

function assertEqual(
  counts: ReadonlyMap<string, number>,
  targetCounts: ReadonlyMap<string, number>,
  { settings }: Database,
): void {
  const different = [...counts].filter(([table, rows]) => targetCounts.get(table) !== rows)
  if (different.length === 0) return
  const named = different.map(([table, rows]) => `${table} ${targetCounts.get(table)} instead of ${rows}`)
  throw new UserError(`the copy in ${settings.location} has other numbers of rows: ${named.join(', ')}`, {
    code: 'incomplete-copy',
    hint: 'drop the schema and copy again; the source is unchanged',
  })
}

function assertSameTarget(movedTo: string | null, { settings }: Database, location: string): void {
  if (movedTo === null || movedTo === settings.location) return
  throw new UserError(`the store ${location} was moved to ${movedTo}`, {
    code: 'moved-store',
    hint: `use --store '${movedTo}', with the parameters for its password`,
  })
}

function heldTarget({ settings }: Database): UserError {
  return new UserError(`the store ${settings.location} is held by another process`, {
    code: 'store-held',
    hint: 'stop its daemons, or name another schema with ?schema=NAME',
  })
}

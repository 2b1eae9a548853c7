/** Brings the schema up to date with the numbered files of `migrations/`, in one transaction and by one process at a time. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import { POSTGRES_MIGRATIONS_FOLDER } from '../../installed-files.ts'
import type { Database } from './database.ts'
import type { Connection } from './pool.ts'
import { heldSchema, LOCK_NAME } from './schema-lock.ts'
import { openMaintenance } from './upkeep/maintenance.ts'

/** Servers before this version lack what the functions use. */
const MIN_SERVER_VERSION = 140_000

interface Access {
  /** If it is false, a schema that does not exist is an error. */
  readonly create: boolean
  readonly readOnly: boolean
  /** True for the copy of a store, which alone may open a schema with an unfinished copy. */
  readonly isCopy?: boolean
}

/** @throws UserError if the schema cannot be used. */
export async function prepareSchema(database: Database, access: Access): Promise<void> {
  await migrateIfNeeded(database, access)
  if (!access.readOnly) await assertDurableCommits(database)
  if (!(access.isCopy ?? false)) await assertNoUnfinishedCopy(database)
}

/** Without a sync, the server forgets commits at a crash whose events were acknowledged. */
async function assertDurableCommits(database: Database): Promise<void> {
  const [row] = await database.query<{ value: string }>(
    "SELECT current_setting('synchronous_commit') AS value",
  )
  if (row!.value !== 'off') return
  const { location, user } = database.settings
  throw new UserError(
    `the store ${location} has synchronous_commit off, so a crash loses acknowledged events`,
    {
      code: 'incompatible-store',
      hint: `ALTER ROLE "${user}" SET synchronous_commit = on, or switch it on in postgresql.conf`,
    },
  )
}

/** Returns 0 if the schema does not exist or is empty. */
export function schemaVersion(database: Database): Promise<number> {
  return database.run((connection) => usableVersion(connection, database, newestVersion()))
}

/** The version of the schema that this program writes. */
export function newestVersion(): number {
  return migrationFiles().length
}

export async function assertNoUnfinishedCopy(database: Database): Promise<void> {
  const [copy] = await database.query<{ source: string }>(
    'SELECT source FROM store_copy WHERE NOT is_finished',
  )
  if (copy === undefined) return
  throw new UserError(`the store ${database.settings.location} holds an unfinished copy of ${copy.source}`, {
    code: 'unfinished-copy',
    hint: 'finish it with the same `signalbox store copy`, or drop the schema',
  })
}

async function migrateIfNeeded(database: Database, { create, readOnly }: Access): Promise<void> {
  const { location } = database.settings
  const newest = newestVersion()
  const version = await schemaVersion(database)
  if (version === newest) return
  if (version === 0 && (readOnly || !create)) {
    throw new UserError(`store not found: ${location}`, {
      code: 'store-not-found',
      hint: 'create it with `signalbox run`, or name another store',
    })
  }
  if (readOnly) {
    throw new UserError(`the store ${location} has an older schema (${version}, now ${newest})`, {
      code: 'incompatible-store',
      hint: 'start `signalbox run`, which migrates it',
    })
  }
  // A migration of large tables takes longer than any other statement may.
  const maintenance = openMaintenance(database.settings, { readOnly: false })
  try {
    await maintenance.run((connection) =>
      inTransaction(connection, () => migrate(connection, maintenance, newest)),
    )
  } finally {
    await maintenance.close()
  }
}

async function migrate(connection: Connection, database: Database, newest: number): Promise<void> {
  const { schema } = database.settings
  await connection.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [LOCK_NAME(schema)])
  // The version is read again under the lock, because another process may have migrated meanwhile.
  const version = await usableVersion(connection, database, newest)
  if (version === newest) return
  const [lock] = await connection.query<{ free: boolean }>(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free',
    [LOCK_NAME(schema)],
  )
  if (!lock!.free) throw await heldSchema(connection, database.settings.location)
  await connection.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`)
  await connection.query('CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)')
  for (const file of migrationFiles().slice(version)) await connection.query(readFileSync(file, 'utf8'))
  await connection.query(`DELETE FROM schema_version; INSERT INTO schema_version VALUES (${newest})`)
}

/** @throws UserError if another version of Signalbox has migrated the schema, or if it was removed. */
export async function assertPresentSchema(connection: Connection, database: Database): Promise<void> {
  const version = await usableVersion(connection, database, Number.POSITIVE_INFINITY)
  const expected = migrationFiles().length
  if (version === expected) return
  const found = version === 0 ? 'was removed' : `has the version ${version} now, not ${expected}`
  throw new UserError(`the store ${database.settings.location} was lost: its schema ${found}`, {
    code: 'lost-store',
    hint: 'start the version of Signalbox that has migrated the schema',
  })
}

/** Returns 0 if the schema does not exist or is empty. */
async function usableVersion(connection: Connection, database: Database, newest: number): Promise<number> {
  const { schema, location } = database.settings
  const [found] = await connection.query<{
    server: number
    tables: number
    marked: boolean
    visible: boolean
  }>(
    `SELECT current_setting('server_version_num')::int AS server,
       count(*) AS tables, coalesce(bool_or(tablename = 'schema_version'), false) AS marked,
       coalesce(bool_and(has_schema_privilege(schemaname, 'USAGE')), true) AS visible
     FROM pg_tables WHERE schemaname = $1`,
    [schema],
  )
  const { server, tables, marked, visible } = found!
  if (server < MIN_SERVER_VERSION) {
    throw new UserError(`the store ${location} is on PostgreSQL ${Math.floor(server / 10_000)}`, {
      code: 'incompatible-store',
      hint: 'use PostgreSQL 14 or newer',
    })
  }
  if (!visible) {
    throw new UserError(`the store ${location} does not permit its user to use the schema`, {
      code: 'inaccessible-store',
      hint: `GRANT USAGE ON SCHEMA "${schema}", or correct the user in the URL of the store`,
    })
  }
  if (tables > 0 && !marked) {
    throw new UserError(`the store ${location} is a schema of another program`, {
      code: 'incompatible-store',
      hint: 'name another schema with ?schema=NAME',
    })
  }
  if (!marked) return 0
  const [row] = await connection.query<{ version: number }>(
    'SELECT max(version) AS version FROM schema_version',
  )
  const version = row!.version
  if (version > newest) {
    throw new UserError(`the store ${location} was written by a newer Signalbox (schema ${version})`, {
      code: 'incompatible-store',
      hint: `upgrade this Signalbox, which knows schema ${newest}, or name another store`,
    })
  }
  return version
}

async function inTransaction(connection: Connection, work: () => Promise<void>): Promise<void> {
  await connection.query('BEGIN')
  try {
    await work()
    await connection.query('COMMIT')
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Reads `0001-name.sql`, `0002-...`: the number is the version of the schema, without gaps. */
function migrationFiles(): string[] {
  return readdirSync(POSTGRES_MIGRATIONS_FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => join(POSTGRES_MIGRATIONS_FOLDER, file))
}

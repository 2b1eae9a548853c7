/** Brings the schema up to date with the numbered files of `migrations/`, in one transaction and by one process at a time. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import { POSTGRES_MIGRATIONS_FOLDER } from '../../installed-files.ts'
import type { Database } from './database.ts'
import { heldStore, PLACE_KEY } from './hold.ts'
import type { Connection } from './pool.ts'

/** Servers before this version lack what the functions use. */
const MIN_SERVER_VERSION = 140_000

interface Access {
  /** If it is false, a schema that does not exist is an error. */
  readonly create: boolean
  readonly readOnly: boolean
}

/** @throws UserError if the schema cannot be used. */
export async function prepareSchema(database: Database, { create, readOnly }: Access): Promise<void> {
  const { location } = database.settings
  const newest = migrationFiles().length
  const version = await database.run((connection) => usableVersion(connection, database, newest))
  if (version === newest) return
  if (version === 0 && (readOnly || !create)) {
    throw new UserError(`store not found: ${location}`, {
      code: 'store-not-found',
      hint: 'create it with `signalbox run`, or name another one with --store',
    })
  }
  if (readOnly) {
    throw new UserError(`the store ${location} has an older schema (${version}, now ${newest})`, {
      code: 'incompatible-store',
      hint: 'start `signalbox run`, which migrates it',
    })
  }
  await database.run((connection) => inTransaction(connection, () => migrate(connection, database, newest)))
}

async function migrate(connection: Connection, database: Database, newest: number): Promise<void> {
  const { schema } = database.settings
  await connection.query('SET LOCAL statement_timeout = 0')
  await connection.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [PLACE_KEY(schema)])
  // The version is read again under the lock, because another process may have migrated meanwhile.
  const version = await usableVersion(connection, database, newest)
  if (version === newest) return
  const [place] = await connection.query<{ free: boolean }>(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free',
    [PLACE_KEY(schema)],
  )
  if (!place!.free)
    throw await heldStore(connection, database.settings.location, 'has an older schema and is')
  await connection.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`)
  await connection.query('CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)')
  for (const file of migrationFiles().slice(version)) await connection.query(readFileSync(file, 'utf8'))
  await connection.query(`DELETE FROM schema_version; INSERT INTO schema_version VALUES (${newest})`)
}

/** Returns 0 if the schema does not exist or is empty. */
async function usableVersion(connection: Connection, database: Database, newest: number): Promise<number> {
  const { schema, location } = database.settings
  const [found] = await connection.query<{ server: number; tables: number; marked: boolean }>(
    `SELECT current_setting('server_version_num')::int AS server,
       count(*) AS tables, coalesce(bool_or(tablename = 'schema_version'), false) AS marked
     FROM pg_tables WHERE schemaname = $1`,
    [schema],
  )
  const { server, tables, marked } = found!
  if (server < MIN_SERVER_VERSION) {
    throw new UserError(`the store ${location} is on PostgreSQL ${Math.floor(server / 10_000)}`, {
      code: 'incompatible-store',
      hint: 'use PostgreSQL 14 or newer',
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

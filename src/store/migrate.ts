/** Brings a database to the newest schema by the numbered files of `migrations/`, each once, never back. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { MIGRATIONS_FOLDER } from '../installed-files.ts'
import type { Driver } from './driver.ts'

/** Marks a database as ours ("SIGB"), so that another program's file is not written into. */
const APPLICATION_ID = 0x53494742

interface Migration {
  readonly version: number
  readonly sql: string
}

/** Queries of alerts, deliveries and destinations read each schema from here on. */
const OLDEST_READABLE = 1

/** Refuses a database that this Signalbox cannot read. Writes nothing. */
export function assertReadable(driver: Driver, location: string): void {
  const newest = knownMigrations().length
  const version = checkedVersion(driver, location, newest)
  if (version >= OLDEST_READABLE) return
  throw new UserError(`the store ${location} has an older schema (${version}, now ${newest})`, {
    hint: '`signalbox run` brings it up to date',
  })
}

/** @param alone does the work while no daemon holds the store, or refuses. Called only when there is something to do. */
export function migrate(driver: Driver, location: string, alone: (work: () => void) => void): void {
  const migrations = knownMigrations()
  const newest = migrations.length
  if (checkedVersion(driver, location, newest) < newest) {
    alone(() => {
      driver.exec('PRAGMA journal_mode = WAL')
      driver.transaction(() => {
        // Read again under the lock: another process may have migrated meanwhile.
        const now = checkedVersion(driver, location, newest)
        for (const migration of migrations.slice(now)) driver.exec(migration.sql)
        driver.exec(`PRAGMA user_version = ${newest}; PRAGMA application_id = ${APPLICATION_ID}`)
      })
    })
  }
}

function checkedVersion(driver: Driver, location: string, newest: number): number {
  const version = pragma(driver, 'user_version')
  const owner = pragma(driver, 'application_id')
  const empty = driver.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (!empty && owner !== APPLICATION_ID) {
    throw new UserError(`the store ${location} is a database of another program`, {
      hint: 'name another file with --store',
    })
  }
  if (version > newest) {
    throw new UserError(`the store ${location} was written by a newer Signalbox (schema ${version})`, {
      hint: `this one knows schema ${newest}; upgrade it, or name another store`,
    })
  }
  return version
}

function pragma(driver: Driver, name: 'user_version' | 'application_id'): number {
  return Object.values(driver.prepare<Record<string, number>>(`PRAGMA ${name}`).get() ?? {})[0] ?? 0
}

/** `0001-name.sql`, `0002-...`: the number is the schema's version, without gaps. */
function knownMigrations(): Migration[] {
  return readdirSync(MIGRATIONS_FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      version: Number.parseInt(file, 10),
      sql: readFileSync(join(MIGRATIONS_FOLDER, file), 'utf8'),
    }))
}

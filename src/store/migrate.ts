/** Migrates a database to the newest schema with the numbered files of `migrations/`, each once and never back. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Bug, UserError } from '../errors.ts'
import { MIGRATIONS_FOLDER } from '../installed-files.ts'
import type { Driver } from './driver.ts'
import { viewsForSchema } from './older-schemas.ts'

/** Marks a database of Signalbox ("SIGB"), so that no other program's file is written to. */
const APPLICATION_ID = 0x53494742

interface Migration {
  readonly version: number
  readonly sql: string
}

/** Commands that only read can read every schema from this version on. */
const MIN_READABLE_VERSION = 1

/** Prepares a connection that only reads, or throws if this version of Signalbox cannot read the database. It writes nothing. */
export function prepareReading(driver: Driver, location: string): void {
  const newest = knownMigrations().length
  const version = checkedVersion(driver, location, newest)
  if (version >= MIN_READABLE_VERSION) {
    driver.exec(viewsForSchema(version))
    return
  }
  throw new UserError(`the store ${location} has an older schema (${version}, now ${newest})`, {
    code: 'incompatible-store',
    hint: 'start `signalbox run`, which migrates it',
  })
}

/** @param alone does the work while no daemon holds the store, or throws. It is called only if a migration is needed. */
export function migrate(driver: Driver, location: string, alone: (work: () => void) => void): void {
  const migrations = knownMigrations()
  const newest = migrations.length
  if (checkedVersion(driver, location, newest) < newest) {
    alone(() => {
      // A table that is replaced by a copy must not take the rows that refer to it along. This setting has no effect
      // within a transaction.
      driver.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF')
      try {
        driver.transaction(() => {
          // The version is read again under the lock, because another process may have migrated meanwhile.
          const now = checkedVersion(driver, location, newest)
          for (const migration of migrations.slice(now)) driver.exec(migration.sql)
          if (driver.prepare('PRAGMA foreign_key_check').get() !== undefined)
            throw new Bug('the migration left rows without the row that they refer to')
          driver.exec(`PRAGMA user_version = ${newest}; PRAGMA application_id = ${APPLICATION_ID}`)
        })
      } finally {
        driver.exec('PRAGMA foreign_keys = ON')
      }
    })
  }
}

function checkedVersion(driver: Driver, location: string, newest: number): number {
  const version = pragma(driver, 'user_version')
  const owner = pragma(driver, 'application_id')
  const empty = driver.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (!empty && owner !== APPLICATION_ID) {
    throw new UserError(`the store ${location} is a database of another program`, {
      code: 'incompatible-store',
      hint: 'name another file',
    })
  }
  if (version > newest) {
    throw new UserError(`the store ${location} was written by a newer Signalbox (schema ${version})`, {
      code: 'incompatible-store',
      hint: `upgrade this Signalbox, which knows schema ${newest}, or name another store`,
    })
  }
  return version
}

function pragma(driver: Driver, name: 'user_version' | 'application_id'): number {
  return Object.values(driver.prepare<Record<string, number>>(`PRAGMA ${name}`).get() ?? {})[0] ?? 0
}

/** The version of the schema that this program writes. */
export function migrationCount(): number {
  return knownMigrations().length
}

/** Reads `0001-name.sql`, `0002-...`: the number is the version of the schema, without gaps. */
function knownMigrations(): Migration[] {
  return readdirSync(MIGRATIONS_FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      version: Number.parseInt(file, 10),
      sql: readFileSync(join(MIGRATIONS_FOLDER, file), 'utf8'),
    }))
}

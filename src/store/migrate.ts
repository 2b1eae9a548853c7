/** Brings a database to the newest schema by the numbered files of `migrations/`, each once, never back. */
import { readdirSync, readFileSync } from 'node:fs'
import { UserError } from '../errors.ts'
import type { Driver } from './driver.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

/** Marks a database as ours ("SIGB"), so that another program's file is not written into. */
const APPLICATION_ID = 0x53494742

interface Migration {
  readonly version: number
  readonly sql: string
}

export function migrate(driver: Driver, place: string, readOnly: boolean): void {
  const migrations = knownMigrations()
  const newest = migrations.length
  const version = checkedVersion(driver, place, newest)
  if (version === newest) return
  if (readOnly) {
    throw new UserError(`the store ${place} has an older schema (${version}, now ${newest})`, {
      hint: '`signalbox run` brings it up to date',
    })
  }
  driver.transaction(() => {
    // Read again under the lock: another process may have migrated meanwhile.
    const now = checkedVersion(driver, place, newest)
    for (const migration of migrations.slice(now)) driver.exec(migration.sql)
    driver.exec(`PRAGMA user_version = ${newest}; PRAGMA application_id = ${APPLICATION_ID}`)
  })
}

function checkedVersion(driver: Driver, place: string, newest: number): number {
  const version = pragma(driver, 'user_version')
  const owner = pragma(driver, 'application_id')
  const empty = driver.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (!empty && owner !== APPLICATION_ID) {
    throw new UserError(`the store ${place} is a database of another program`, {
      hint: 'name another file with --store',
    })
  }
  if (version > newest) {
    throw new UserError(`the store ${place} was written by a newer Signalbox (schema ${version})`, {
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
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({ version: Number.parseInt(file, 10), sql: readFileSync(new URL(file, FOLDER), 'utf8') }))
}

/**
 * The one daemon's location on an SQLite store. The lock is the operating system's, on a file beside the database:
 * it ends with its holder however that ends, in whatever container, so no process id has to be believed.
 * The row in the store only tells people who it is.
 */
import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { UserError } from '../errors.ts'
import { type Driver, insert } from './driver.ts'
import { isBusy, sqliteFailure } from './sqlite/sqlite-failure.ts'

interface Holder {
  readonly name: string
  readonly pid: number
  readonly host: string
  readonly since: number
}

type Release = () => void

interface InstanceLock {
  /** A UserError names the holder when it is taken. Taking it twice is taking it once. */
  acquire(name: string): Promise<void>
  release(): void
}

/** `path` null: in memory, where nobody else can be. */
export function createInstanceLock(
  driver: Driver,
  store: { path: string | null; location: string },
  write: <T>(work: (now: number) => T) => Promise<T>,
): InstanceLock {
  let release: Release | null = null
  return {
    acquire: async (name) => {
      if (release || store.path === null) return
      release = lockFile(store.path, store.location, (cause) => heldStore(driver, store.location, cause))
      try {
        await write((now) => signIn(driver, name, now))
      } catch (error) {
        release()
        release = null
        throw error
      }
    },
    release: () => {
      try {
        if (release) driver.prepare('DELETE FROM holder').run()
      } finally {
        release?.()
        release = null
      }
    },
  }
}

/** Does the work while this process alone has the daemon's location; refuses while a daemon has it. */
export function withInstanceLock(
  driver: Driver,
  path: string | null,
  location: string,
  work: () => void,
): void {
  const release =
    path === null ? () => {} : lockFile(path, location, (cause) => olderHeldStore(driver, location, cause))
  try {
    work()
  } finally {
    release()
  }
}

/** Taken also means: by another store of this same process. */
function lockFile(path: string, location: string, taken: (cause: unknown) => UserError): Release {
  let lock: DatabaseSync | undefined
  try {
    const held = new DatabaseSync(`${path}-hold`, { timeout: 0 })
    lock = held
    // Nothing is ever written to it, so it needs no journal file.
    held.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return () => held.close()
  } catch (error) {
    lock?.close()
    throw isBusy(error) ? taken(error) : sqliteFailure(error, location)
  }
}

function heldStore(driver: Driver, location: string, cause: unknown): UserError {
  return new UserError(`the store ${location} is held by ${holderOf(driver)}`, {
    hint: 'one daemon per SQLite store: stop that one, or name another store with --store',
    cause,
  })
}

function olderHeldStore(driver: Driver, location: string, cause: unknown): UserError {
  return new UserError(`the store ${location} has an older schema and is held by ${holderOf(driver)}`, {
    hint: 'stop that daemon before this version of Signalbox writes to its store, or use the version of the daemon',
    cause,
  })
}

/** For people. A store that is being made has no table of it yet. */
function holderOf(driver: Driver): string {
  const hasTable = driver.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'holder'").get() !== undefined
  const holder = hasTable
    ? driver.prepare<Holder>('SELECT name, pid, host, since FROM holder').get()
    : undefined
  if (!holder) return 'another process'
  return `${holder.name}, process ${holder.pid} on ${holder.host} since ${new Date(holder.since).toISOString()}`
}

/** Signs in, and ends the leases of a predecessor that is gone: nobody will settle them. */
function signIn(driver: Driver, name: string, now: number): void {
  driver.prepare('DELETE FROM holder').run()
  insert(driver, 'holder', { one: 1, name, pid: process.pid, host: hostname(), since: now })
  driver
    .prepare(`UPDATE delivery SET lease_until = :now WHERE state = 'sending' AND lease_until > :now`)
    .run({ now })
}

/**
 * The lock that allows one daemon per SQLite store. It is a lock of the operating system on a file beside the database:
 * it ends with its process, in any container, so that no process id has to be trusted. The row in the store names the
 * holder for messages only.
 */
import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { UserError } from '../errors.ts'
import { type Driver, insert } from './driver.ts'
import { adoptFileCursors } from './rows/cursors.ts'
import { isBusy, sqliteFailure } from './sqlite/sqlite-failure.ts'
import type { MemberRow, StoreMember } from './store.ts'

interface Holder {
  readonly name: string
  readonly pid: number
  readonly host: string
  readonly since: number
}

type Release = () => void

interface InstanceLock {
  /** Rejects with a UserError that names the holder if another daemon has it. A second call has no effect. */
  acquire(member: StoreMember): Promise<void>
  /** The member that holds the lock. Other processes see the one that held it last. */
  members(): readonly MemberRow[]
  release(): void
}

/** If `path` is null, the store is in memory and needs no lock. */
export function createInstanceLock(
  driver: Driver,
  store: { path: string | null; location: string },
  write: <T>(work: (now: number) => T) => Promise<T>,
): InstanceLock {
  let release: Release | null = null
  let own: StoreMember | null = null
  return {
    acquire: async (member) => {
      own ??= member
      if (release || store.path === null) return
      release = holdFile(driver, store.path, store.location)
      try {
        await write((now) => recordHolder(driver, member, now))
      } catch (error) {
        release()
        release = null
        throw error
      }
    },
    members: () => membersOf(driver, own),
    release: () => {
      own = null
      try {
        if (release) driver.prepare('DELETE FROM holder').run()
      } finally {
        release?.()
        release = null
      }
    },
  }
}

/** Takes the lock until the function that it returns is called; throws if a daemon holds it. A store in memory has none. */
export function holdFile(driver: Driver, path: string | null, location: string): Release {
  return path === null ? () => {} : lockFile(path, location, (cause) => heldStore(driver, location, cause))
}

/** Does the work while this process holds the lock; throws if a daemon holds it. */
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

/** The lock can be held by another store of this same process, too. */
function lockFile(path: string, location: string, taken: (cause: unknown) => UserError): Release {
  let lock: DatabaseSync | undefined
  try {
    const held = new DatabaseSync(`${path}-hold`, { timeout: 0 })
    lock = held
    // Nothing is written to this file, so it needs no journal.
    held.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return () => held.close()
  } catch (error) {
    lock?.close()
    throw isBusy(error) ? taken(error) : sqliteFailure(error, location)
  }
}

function heldStore(driver: Driver, location: string, cause: unknown): UserError {
  return new UserError(`the store ${location} is held by ${holderOf(driver)}`, {
    code: 'store-held',
    hint: 'stop that daemon, or name another store',
    cause,
  })
}

function olderHeldStore(driver: Driver, location: string, cause: unknown): UserError {
  return new UserError(`the store ${location} has an older schema and is held by ${holderOf(driver)}`, {
    code: 'store-held',
    hint: 'stop that daemon before this version of Signalbox writes to its store, or use the version of the daemon',
    cause,
  })
}

/** @param own the member that this process is. One in memory has no row. */
function membersOf(driver: Driver, own: StoreMember | null): MemberRow[] {
  const row = driver.prepare<Holder>('SELECT name, pid, host, since FROM holder').get()
  const holder = row ?? (own && { name: own.name, pid: process.pid, host: hostname(), since: 0 })
  if (!holder) return []
  const { version = '', sources = [], hostId = '' } = own ?? {}
  return [
    {
      ...holder,
      id: `${holder.host}:${holder.pid}`,
      hostId,
      version,
      sources,
      until: null,
      generation: 1,
      isSelf: own !== null,
    },
  ]
}

/** Describes the holder. A store that is being created has no table of it yet. */
function holderOf(driver: Driver): string {
  const hasTable = driver.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'holder'").get() !== undefined
  const holder = hasTable
    ? driver.prepare<Holder>('SELECT name, pid, host, since FROM holder').get()
    : undefined
  if (!holder) return 'another process'
  return `${holder.name}, process ${holder.pid} on ${holder.host} since ${new Date(holder.since).toISOString()}`
}

/** Records the holder, and ends the leases of a predecessor that has ended: it records no outcome any more. */
function recordHolder(driver: Driver, { name, hostId }: StoreMember, now: number): void {
  driver.prepare('DELETE FROM holder').run()
  insert(driver, 'holder', { one: 1, name, pid: process.pid, host: hostname(), since: now })
  driver
    .prepare(`UPDATE delivery SET lease_until = :now WHERE state = 'sending' AND lease_until > :now`)
    .run({ now })
  driver.prepare('UPDATE source_cursor SET lease_until = 0 WHERE lease_until > 0').run()
  adoptFileCursors(driver, hostId)
}

/** Opens the store that a URL names: `sqlite:PATH` or `memory:`. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { isError, messageOf, UserError } from '../errors.ts'
import { openingPath, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import { isEmptyFile } from '../files/path-kind.ts'
import type { Clock } from '../model/ports.ts'
import { withInstanceLock } from './instance-lock.ts'
import { assertReadable, migrate } from './migrate.ts'
import { SIGNAL_TTL_MS } from './rows/retention.ts'
import { openSqlite } from './sqlite/sqlite-driver.ts'
import { createSqliteStore } from './sqlite/sqlite-store.ts'
import type { Store } from './store.ts'

export interface OpenStoreOptions {
  readonly clock: Clock
  /** Relative paths start here. */
  readonly projectRoot: string
  /** False: a store that is not there is refused, not made. */
  readonly create?: boolean
  /** Neither creates nor writes anything. */
  readonly readOnly?: boolean
  readonly signalsKeptMs?: number
  /** Milliseconds of a clock that nobody sets; that of the process when absent. */
  readonly monotonic?: () => number
  /** Called when the file existed with 0 bytes, which no store has: a new store was created in it. */
  readonly onEmptyFile?: (location: string) => void
  /** Called once when the store's file was removed or replaced: from then on every write is refused. */
  readonly onLost?: (reason: string) => void
}

const FORMS = 'use sqlite:PATH (default sqlite:.signalbox/signalbox.db) or memory:'

/** @example await openStore('sqlite:.signalbox/signalbox.db', { clock: systemClock, projectRoot: '.' }) */
export async function openStore(url: string, options: OpenStoreOptions): Promise<Store> {
  const colon = url.indexOf(':')
  const scheme = colon > 0 ? url.slice(0, colon) : ''
  const target = url.slice(colon + 1)
  switch (scheme) {
    case 'memory':
      return open(null, 'memory:', { ...options, readOnly: false })
    case 'sqlite':
      return openFile(target, options)
    default:
      // Only the scheme is repeated: the rest may hold a password.
      throw new UserError(`unknown store ${scheme ? `scheme "${scheme}:"` : `"${url}"`}`, { hint: FORMS })
  }
}

function openFile(target: string, options: OpenStoreOptions): Store {
  if (target === '') throw new UserError('the store sqlite: names no file', { hint: FORMS })
  const path = resolve(options.projectRoot, target)
  const location = `sqlite:${path}`
  const { create = true, readOnly = false } = options
  const isMade = create && !readOnly
  if (!isMade && !existsSync(path)) {
    throw new UserError(`there is no store ${location}`, { hint: '`signalbox run` makes it' })
  }
  const wasEmpty = isEmptyFile(path)
  const store = open(
    preparedPath(path, location, { folder: resolve(options.projectRoot), isMade }),
    location,
    options,
  )
  if (wasEmpty) options.onEmptyFile?.(location)
  return store
}

/** SQLite gives these the permissions of the database. */
const JOURNALS = ['-wal', '-shm']

/**
 * The path to open, in which no link leads out of the project. What a store holds is for its owner alone, so the files
 * are made before SQLite would make them for all.
 */
function preparedPath(
  path: string,
  location: string,
  { folder, isMade }: { readonly folder: string; readonly isMade: boolean },
): string {
  const limits = { folders: [folder], folderMode: PRIVATE_FOLDER }
  const making = isMade ? { ...limits, mode: PRIVATE_FILE } : limits
  try {
    const real = openingPath(path, making)
    openingPath(`${real}-hold`, making)
    for (const journal of JOURNALS) openingPath(`${real}${journal}`, limits)
    return real
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    throw new UserError(`the store ${location} cannot be created or opened: ${messageOf(cause)}`, {
      hint: 'check the permissions, or name another file with --store',
      cause,
    })
  }
}

function open(path: string | null, location: string, options: OpenStoreOptions): Store {
  const readOnly = options.readOnly ?? false
  const driver = openSqlite(path ?? ':memory:', { location, readOnly })
  try {
    if (readOnly) assertReadable(driver, location)
    else migrate(driver, location, (work) => withInstanceLock(driver, path, location, work))
  } catch (error) {
    driver.close()
    throw error
  }
  const signalsKeptMs = options.signalsKeptMs ?? SIGNAL_TTL_MS
  return createSqliteStore(driver, {
    clock: options.clock,
    location,
    path,
    readOnly,
    signalsKeptMs,
    monotonic: options.monotonic,
    onLost: options.onLost,
  })
}

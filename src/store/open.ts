/** Opens the store that a URL names: `sqlite:PATH`, `postgres://…` or `memory:`. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { isError, messageOf, UserError } from '../errors.ts'
import { openingPath, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import { isEmptyFile } from '../files/path-kind.ts'
import { type Clock, systemClock } from '../model/ports.ts'
import { withInstanceLock } from './instance-lock.ts'
import { migrate, prepareReading } from './migrate.ts'
import type { PostgresSettings } from './postgres/store-url.ts'
import { SIGNAL_TTL_MS } from './rows/retention.ts'
import { openSqlite } from './sqlite/sqlite-driver.ts'
import { createSqliteStore } from './sqlite/sqlite-store.ts'
import type { Store } from './store.ts'

export interface OpenStoreOptions {
  readonly clock: Clock
  /** Relative paths start at this directory. */
  readonly projectRoot: string
  /** If it is false, a store that does not exist is an error. */
  readonly create?: boolean
  /** A read-only store creates and writes nothing. */
  readonly readOnly?: boolean
  readonly signalsKeptMs?: number
  /** Returns milliseconds of a monotonic clock; the default is that of the process. */
  readonly monotonic?: () => number
  /** It is called if the file had 0 bytes, which no store has: a new store was created in it. */
  readonly onEmptyFile?: (location: string) => void
  /** It is called once if the file of the store was removed or replaced. Every later write is rejected. */
  readonly onLost?: (reason: string) => void
  /** The variables from which the password of a database can come. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** It is called with a reason when the database cannot be reached, and with null when it can be again. */
  readonly onAvailability?: (reason: string | null) => void
  /** It is called when another process has changed deliveries. */
  readonly onWork?: () => void
  /** After it aborts, a database that cannot be reached is waited for no longer. */
  readonly ending?: AbortSignal
  /** It is called if the URL contains the password. */
  readonly onPasswordInUrl?: () => void
}

const FORMS =
  'use sqlite:PATH (default sqlite:.signalbox/signalbox.db), postgres://USER@HOST/DATABASE or memory:'

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
    case 'postgres':
    case 'postgresql':
      return openPostgres(url, options)
    default:
      // The message contains only the scheme, because the rest can contain a password.
      throw new UserError(`unknown store ${scheme ? `scheme "${scheme}:"` : `"${url}"`}`, {
        code: 'invalid-store-url',
        hint: FORMS,
      })
  }
}

/** The client library is loaded only for this store. */
async function openPostgres(url: string, options: OpenStoreOptions): Promise<Store> {
  const { readStoreUrl } = await import('./postgres/store-url.ts')
  const settings: PostgresSettings = readStoreUrl(url, options.environment ?? {}, options.projectRoot)
  if (settings.hasPasswordInUrl) options.onPasswordInUrl?.()
  const { openPostgresStore } = await import('./postgres/postgres-store.ts')
  const { clock, create = true, readOnly = false } = options
  return openPostgresStore(settings, {
    create,
    readOnly,
    signalsKeptMs: options.signalsKeptMs ?? SIGNAL_TTL_MS,
    monotonic: options.monotonic ?? (() => performance.now()),
    // Time is that of the database, on which all its users agree.
    now: () => (clock === systemClock ? null : clock.now()),
    onLost: options.onLost ?? (() => {}),
    onAvailability: options.onAvailability ?? (() => {}),
    onWork: options.onWork ?? (() => {}),
    ending: options.ending ?? new AbortController().signal,
  })
}

function openFile(target: string, options: OpenStoreOptions): Store {
  if (target === '')
    throw new UserError('the store sqlite: names no file', { code: 'invalid-store-url', hint: FORMS })
  const path = resolve(options.projectRoot, target)
  const location = `sqlite:${path}`
  const { create = true, readOnly = false } = options
  const isCreated = create && !readOnly
  if (!isCreated && !existsSync(path)) {
    throw new UserError(`store not found: ${location}`, {
      code: 'store-not-found',
      hint: 'create it with `signalbox run`, or name another one with --store',
    })
  }
  const wasEmpty = isEmptyFile(path)
  const store = open(
    preparedPath(path, location, { folder: resolve(options.projectRoot), isCreated }),
    location,
    options,
  )
  if (wasEmpty) options.onEmptyFile?.(location)
  return store
}

/** SQLite gives these files the permissions of the database. */
const JOURNALS = ['-wal', '-shm']

/**
 * Returns the path to open, in which no link leads out of the project. Only the owner may read a store, so the files are
 * created before SQLite would create them with the default permissions.
 */
function preparedPath(
  path: string,
  location: string,
  { folder, isCreated }: { readonly folder: string; readonly isCreated: boolean },
): string {
  const limits = { folders: [folder], folderMode: PRIVATE_FOLDER }
  const making = isCreated ? { ...limits, mode: PRIVATE_FILE } : limits
  try {
    const real = openingPath(path, making)
    openingPath(`${real}-hold`, making)
    for (const journal of JOURNALS) openingPath(`${real}${journal}`, limits)
    return real
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    throw new UserError(`the store ${location} cannot be created or opened: ${messageOf(cause)}`, {
      code: 'inaccessible-store',
      hint: 'check the permissions, or name another file with --store',
      cause,
    })
  }
}

function open(path: string | null, location: string, options: OpenStoreOptions): Store {
  const readOnly = options.readOnly ?? false
  const driver = openSqlite(path ?? ':memory:', { location, readOnly })
  try {
    if (readOnly) prepareReading(driver, location)
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

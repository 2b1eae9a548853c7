/** Opens the store that a URL names: `sqlite:PATH`, `postgres://…` or `memory:`. */
import { UserError } from '../errors.ts'
import { type Clock, systemClock } from '../model/ports.ts'
import type { PostgresSettings } from './postgres/store-url.ts'
import { SIGNAL_TTL_MS } from './rows/retention.ts'
import { assertNotMoved } from './sqlite/moved-store.ts'
import { createSqliteStore } from './sqlite/sqlite-store.ts'
import type { Store } from './store.ts'
import { openStoreFile, openStoreMemory, type StoreFile } from './store-file.ts'
import { STORE_FORMS } from './store-forms.ts'

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

/** @example await openStore('sqlite:.signalbox/signalbox.db', { clock: systemClock, projectRoot: '.' }) */
export async function openStore(url: string, options: OpenStoreOptions): Promise<Store> {
  const colon = url.indexOf(':')
  const scheme = colon > 0 ? url.slice(0, colon) : ''
  const target = url.slice(colon + 1)
  switch (scheme) {
    case 'memory':
      return storeOver(openStoreMemory(), { ...options, readOnly: false })
    case 'sqlite':
      return openFile(target, options)
    case 'postgres':
    case 'postgresql':
      return openPostgres(url, options)
    default:
      // The message contains only the scheme, because the rest can contain a password.
      throw new UserError(`unknown store ${scheme ? `scheme "${scheme}:"` : `"${url}"`}`, {
        code: 'invalid-store-url',
        hint: STORE_FORMS,
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
  const file = openStoreFile(target, options)
  try {
    if (!(options.readOnly ?? false)) assertNotMoved(file.driver, file.location)
  } catch (error) {
    file.close()
    throw error
  }
  if (file.wasEmpty) options.onEmptyFile?.(file.location)
  return storeOver(file, options)
}

function storeOver({ driver, path, location }: StoreFile, options: OpenStoreOptions): Store {
  return createSqliteStore(driver, {
    clock: options.clock,
    location,
    path,
    readOnly: options.readOnly ?? false,
    signalsKeptMs: options.signalsKeptMs ?? SIGNAL_TTL_MS,
    monotonic: options.monotonic,
    onLost: options.onLost,
  })
}

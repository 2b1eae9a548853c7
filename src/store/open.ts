/** Opens the store that a URL names: `sqlite:PATH` or `memory:`. */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { Clock } from '../model/ports.ts'
import { migrate } from './migrate.ts'
import { SIGNALS_KEPT_MS } from './retention.ts'
import { openSqlite } from './sqlite-driver.ts'
import { sqliteStore } from './sqlite-store.ts'
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
    case 'postgres':
    case 'postgresql':
      throw new UserError('stores on PostgreSQL are not built yet', { hint: FORMS })
    default:
      // Only the scheme is repeated: the rest may hold a password.
      throw new UserError(`unknown store ${scheme ? `scheme "${scheme}:"` : `"${url}"`}`, { hint: FORMS })
  }
}

function openFile(target: string, options: OpenStoreOptions): Store {
  if (target === '') throw new UserError('the store sqlite: names no file', { hint: FORMS })
  const path = resolve(options.projectRoot, target)
  const place = `sqlite:${path}`
  const { create = true, readOnly = false } = options
  if (create && !readOnly) createFolder(dirname(path), place)
  else if (!existsSync(path)) {
    throw new UserError(`there is no store ${place}`, { hint: '`signalbox run` makes it' })
  }
  return open(path, place, options)
}

/** What a store holds is for its owner alone. */
function createFolder(folder: string, place: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new UserError(`the folder of the store ${place} cannot be made`, {
      hint: 'check the permissions, or name another file with --store',
      cause,
    })
  }
}

function open(path: string | null, place: string, options: OpenStoreOptions): Store {
  const readOnly = options.readOnly ?? false
  const driver = openSqlite(path ?? ':memory:', { place, readOnly })
  try {
    migrate(driver, place, readOnly)
  } catch (error) {
    driver.close()
    throw error
  }
  const signalsKeptMs = options.signalsKeptMs ?? SIGNALS_KEPT_MS
  return sqliteStore(driver, { clock: options.clock, place, path, readOnly, signalsKeptMs })
}

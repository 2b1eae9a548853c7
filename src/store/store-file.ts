/** Opens the database of a SQLite store, and brings its schema up to date. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { isError, messageOf, UserError } from '../errors.ts'
import { openingPath, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import { isEmptyFile } from '../files/path-kind.ts'
import type { Driver } from './driver.ts'
import { holdFile, withInstanceLock } from './instance-lock.ts'
import { migrate, prepareReading } from './migrate.ts'
import { openSqlite } from './sqlite/sqlite-driver.ts'
import { STORE_FORMS } from './store-forms.ts'

export interface StoreFile {
  readonly driver: Driver
  /** null if the store is in memory. */
  readonly path: string | null
  readonly location: string
  /** The file had 0 bytes, which no store has. */
  readonly wasEmpty: boolean
  /** Takes the place of the daemon until the function that it returns is called, or throws if a daemon has it. */
  hold(): () => void
  close(): void
}

export interface StoreFileOptions {
  /** Relative paths start at this directory. */
  readonly projectRoot: string
  /** If it is false, a store that does not exist is an error. */
  readonly create?: boolean
  readonly readOnly?: boolean
}

/** @param target the path, as the URL has it after `sqlite:`. */
export function openStoreFile(target: string, options: StoreFileOptions): StoreFile {
  if (target === '')
    throw new UserError('the store sqlite: names no file', { code: 'invalid-store-url', hint: STORE_FORMS })
  const path = resolve(options.projectRoot, target)
  const location = `sqlite:${path}`
  const { create = true, readOnly = false } = options
  const isCreated = create && !readOnly
  if (!isCreated && !existsSync(path)) {
    throw new UserError(`store not found: ${location}`, {
      code: 'store-not-found',
      hint: 'create it with `signalbox run`, or name another store',
    })
  }
  const wasEmpty = isEmptyFile(path)
  const real = preparedPath(path, location, { folder: resolve(options.projectRoot), isCreated })
  return { ...open(real, location, readOnly), wasEmpty }
}

export function openStoreMemory(): StoreFile {
  return { ...open(null, 'memory:', false), wasEmpty: false }
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
      hint: 'check the permissions, or name another file',
      cause,
    })
  }
}

function open(path: string | null, location: string, readOnly: boolean): Omit<StoreFile, 'wasEmpty'> {
  const driver = openSqlite(path ?? ':memory:', { location, readOnly })
  try {
    if (readOnly) prepareReading(driver, location)
    else migrate(driver, location, (work) => withInstanceLock(driver, path, location, work))
  } catch (error) {
    driver.close()
    throw error
  }
  return { driver, path, location, hold: () => holdFile(driver, path, location), close: () => driver.close() }
}

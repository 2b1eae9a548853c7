/** The driver for Node's SQLite: pragmas, cached statements, nested transactions. It knows no table. */
import { closeSync, existsSync, fdatasync, openSync, readSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { DeferredSyncs, Driver, Params, Statement } from '../driver.ts'
import { sqliteFailure } from './sqlite-failure.ts'

const BUSY_TIMEOUT_MS = 5_000
/** The place of the number of pages in the index of the write-ahead log, in the byte order of the machine. */
const JOURNAL_PAGES_OFFSET = 16

const datasync = promisify(fdatasync)

/**
 * A database without a journal is open in no process. It is then read as immutable, which creates no files: a journal
 * that belongs to another user, such as root, would keep the daemon out.
 */
function locationOf(path: string, readOnly: boolean): string | URL {
  if (!readOnly || path === ':memory:' || existsSync(`${path}-wal`)) return path
  const location = pathToFileURL(path)
  location.search = 'mode=ro&immutable=1'
  return location
}

export function openSqlite(path: string, options: { location: string; readOnly: boolean }): Driver {
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw sqliteFailure(cause, options.location)
    }
  }
  const database = guarded(
    () =>
      new DatabaseSync(locationOf(path, options.readOnly), {
        readOnly: options.readOnly,
        timeout: BUSY_TIMEOUT_MS,
      }),
  )
  const exec = (sql: string) => guarded(() => database.exec(sql))
  try {
    // With FULL an acknowledged commit survives a power cut, not only the end of the process.
    exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
  } catch (error) {
    database.close()
    throw error
  }

  const statements = new Map<string, Statement>()
  const prepare = <R>(sql: string): Statement<R> => {
    const known = statements.get(sql)
    if (known) return known as Statement<R>
    const statement = guardedStatement(
      guarded(() => database.prepare(sql)),
      guarded,
    )
    statements.set(sql, statement)
    return statement as Statement<R>
  }

  // These statements are prepared, because every write uses them.
  const run = (sql: string) => prepare(sql).run()
  const transaction = <T>(work: () => T): T => {
    const nested = database.isTransaction
    run(nested ? 'SAVEPOINT step' : 'BEGIN IMMEDIATE')
    try {
      const result = work()
      run(nested ? 'RELEASE step' : 'COMMIT')
      return result
    } catch (error) {
      if (database.isTransaction) exec(nested ? 'ROLLBACK TO step; RELEASE step' : 'ROLLBACK')
      throw error
    }
  }

  const descriptors: number[] = []
  const deferSyncs = (): DeferredSyncs | null => {
    // Reading creates the journal if there is none.
    prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get()
    const mode = prepare<{ journal_mode: string }>('PRAGMA journal_mode').get()?.journal_mode
    if (path === ':memory:' || options.readOnly || mode !== 'wal') return null
    // A sync of any descriptor of a file covers all that was written to the file.
    const journal = openSync(`${path}-wal`, 'r+')
    descriptors.push(journal)
    const index = openSync(`${path}-shm`, 'r')
    descriptors.push(index)
    exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
    const pages = new Uint32Array(1)
    return {
      sync: () => datasync(journal),
      journalPages: () => {
        readSync(index, pages, 0, pages.byteLength, JOURNAL_PAGES_OFFSET)
        return pages[0]!
      },
    }
  }
  const close = () => {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor)
    guarded(() => database.close())
  }

  return {
    exec,
    prepare,
    transaction,
    deferSyncs,
    inTransaction: () => database.isTransaction,
    close,
  }
}

function guardedStatement(statement: StatementSync, guarded: <T>(work: () => T) => T): Statement {
  return {
    all: (params: Params = {}) => guarded(() => statement.all(params)),
    get: (params: Params = {}) => guarded(() => statement.get(params)),
    run: (params: Params = {}) => guarded(() => Number(statement.run(params).changes)),
  }
}

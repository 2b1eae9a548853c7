/** The driver for Node's SQLite: pragmas, cached statements, nested transactions. It knows no table. */
import { existsSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { Driver, Params, Statement } from '../driver.ts'
import { sqliteFailure } from './sqlite-failure.ts'

const BUSY_TIMEOUT_MS = 5_000

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
  const prepare = (sql: string): Statement => {
    const known = statements.get(sql)
    if (known) return known
    const statement = guardedStatement(
      guarded(() => database.prepare(sql)),
      guarded,
    )
    statements.set(sql, statement)
    return statement
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

  const unsynced = <T>(work: () => T): T => {
    exec('PRAGMA synchronous = NORMAL')
    try {
      return transaction(work)
    } finally {
      exec('PRAGMA synchronous = FULL')
    }
  }

  return {
    exec,
    prepare: <R>(sql: string) => prepare(sql) as Statement<R>,
    transaction,
    unsynced,
    inTransaction: () => database.isTransaction,
    close: () => guarded(() => database.close()),
  }
}

function guardedStatement(statement: StatementSync, guarded: <T>(work: () => T) => T): Statement {
  return {
    all: (params: Params = {}) => guarded(() => statement.all(params)),
    get: (params: Params = {}) => guarded(() => statement.get(params)),
    run: (params: Params = {}) => guarded(() => Number(statement.run(params).changes)),
  }
}

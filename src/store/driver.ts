/** The interface to a database engine. All functions are synchronous, so that no other code runs inside a transaction. */

type SqlValue = string | number | null
export type Params = Readonly<Record<string, SqlValue>>

export interface Statement<R = unknown> {
  all(params?: Params): R[]
  get(params?: Params): R | undefined
  /** Returns how many rows changed. */
  run(params?: Params): number
}

export interface Driver {
  exec(sql: string): void
  /** Statements are cached by their text; parameters are `:named`. */
  prepare<R = unknown>(sql: string): Statement<R>
  /** Commits all of `work` or nothing. Within another transaction only the inner part is undone. */
  transaction<T>(work: () => T): T
  /** Commits do not wait for the disk after this call. Returns null if the engine cannot do that, and then they still wait. */
  deferSyncs(): DeferredSyncs | null
  /** It is false again if the engine itself ended the transaction, as it does on a full disk. */
  inTransaction(): boolean
  close(): void
}

/** What the caller of `deferSyncs` must care for from then on. */
export interface DeferredSyncs {
  /** Resolves when everything that was committed before the call is on disk. */
  readonly sync: () => Promise<void>
  /** Returns how many pages the journal holds. Nothing copies them into the database but a checkpoint of the caller. */
  readonly journalPages: () => number
}

/** Inserts a row whose keys are the columns, and returns how many rows were inserted. */
export function insert(driver: Driver, table: string, row: Params, onConflict = ''): number {
  const columns = Object.keys(row)
  const values = columns.map((column) => `:${column}`)
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')}) ${onConflict}`
  return driver.prepare(sql).run(row)
}

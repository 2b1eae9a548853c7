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
  /**
   * Commits do not wait for the disk after this call. Returns the function that syncs what was committed before its call;
   * null if the engine cannot do that, and then every commit still waits.
   */
  deferSyncs(): (() => Promise<void>) | null
  /** It is false again if the engine itself ended the transaction, as it does on a full disk. */
  inTransaction(): boolean
  close(): void
}

/** Inserts a row whose keys are the columns, and returns how many rows were inserted. */
export function insert(driver: Driver, table: string, row: Params, onConflict = ''): number {
  const columns = Object.keys(row)
  const values = columns.map((column) => `:${column}`)
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')}) ${onConflict}`
  return driver.prepare(sql).run(row)
}

/** The seam to a database engine: four verbs, all synchronous, so that a transaction is one block nobody enters. */

type SqlValue = string | number | null
export type Params = Readonly<Record<string, SqlValue>>

export interface Statement<R = unknown> {
  all(params?: Params): R[]
  get(params?: Params): R | undefined
  /** How many rows changed. */
  run(params?: Params): number
}

export interface Driver {
  exec(sql: string): void
  /** Cached by text; parameters are `:named`. */
  prepare<R = unknown>(sql: string): Statement<R>
  /** All of `work` or nothing; within another transaction only the inner part is undone. */
  transaction<T>(work: () => T): T
  /** The same, but the disk is not waited for. */
  unsynced<T>(work: () => T): T
  /** False again when the engine itself gave up the transaction, as it does on a full disk. */
  inTransaction(): boolean
  close(): void
}

/** Inserts a row whose keys are the columns; returns how many rows that made. */
export function insert(driver: Driver, table: string, row: Params, onConflict = ''): number {
  const columns = Object.keys(row)
  const values = columns.map((column) => `:${column}`)
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')}) ${onConflict}`
  return driver.prepare(sql).run(row)
}

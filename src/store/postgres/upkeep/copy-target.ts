/** The schema that a store is copied into: it must be empty, or hold the same copy, begun before. */
import { UserError } from '../../../errors.ts'
import type { Database } from '../database.ts'
import { COPIED_TABLES } from './copied-tables.ts'

interface Mark {
  readonly id: string
  readonly source: string
  readonly isFinished: boolean
}

/** A delivery that was being sent counts as tried: it may have arrived. */
const RETURN_SENDING = `
  WITH returned AS (
    UPDATE delivery SET state = 'waiting', due = store_now(NULL), lease_token = NULL, lease_until = NULL
    WHERE state = 'sending' RETURNING id
  )
  INSERT INTO attempt (delivery_id, n, at, status, ms, outcome, message)
    SELECT id, coalesce((SELECT max(n) FROM attempt t WHERE t.delivery_id = id), 0) + 1, store_now(NULL), NULL, 0,
      'retry', 'the store was copied while this was being sent; it may have arrived'
    FROM returned
  RETURNING 1`

/** The tables whose numbers a sequence gives. */
const NUMBERED = ['alert', 'divergence', 'handling', 'delivery']

export class CopyTarget {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** @throws UserError if the schema has rows that no copy of this source has made. */
  async assertEmpty(source: string): Promise<void> {
    const mark = await this.#mark()
    if (mark !== undefined && !mark.isFinished && mark.source === source) return
    await this.#assertNoRows()
  }

  /** Prepares the schema for the copy with this id. `finished`: it holds the whole copy already. */
  async begin(id: string, source: string): Promise<'begun' | 'finished'> {
    const mark = await this.#mark()
    if (mark?.id === id) return mark.isFinished ? 'finished' : 'begun'
    if (mark !== undefined && !mark.isFinished && mark.source !== source) throw this.#foreignCopy(mark)
    // An earlier copy of this source, which was used since, is replaced.
    if (mark === undefined || mark.isFinished) await this.#assertNoRows()
    else await this.#clear()
    await this.#database.query(
      `INSERT INTO store_copy (one, id, source, is_finished) VALUES (1, $1, $2, false)
       ON CONFLICT (one) DO UPDATE SET id = excluded.id, source = excluded.source, is_finished = false`,
      [id, source],
    )
    return 'begun'
  }

  async counts(): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const { name } of COPIED_TABLES) {
      const [row] = await this.#database.query<{ n: number }>(`SELECT count(*) AS n FROM ${name}`)
      counts.set(name, row!.n)
    }
    return counts
  }

  /**
   * Opens the schema for use. Returns how many deliveries were being sent.
   * @param last the last numbers that the source has given.
   */
  async finish(last: { readonly signal: number; readonly audit: number }): Promise<number> {
    return this.#database.run(async (connection) => {
      await connection.query('BEGIN')
      try {
        const returned = await connection.query(RETURN_SENDING)
        await connection.query('UPDATE source_cursor SET lease_until = 0 WHERE lease_until IS NOT NULL')
        // A daemon of the source may have sent what was copied as waiting.
        await connection.query('UPDATE store_origin SET since = store_now(NULL)')
        const counter = 'UPDATE counter SET value = greatest(value, $2) WHERE name = $1'
        await connection.query(counter, ['signal', last.signal])
        await connection.query(counter, ['audit', last.audit])
        for (const table of NUMBERED) await connection.query(continueNumbers(table))
        await connection.query('UPDATE store_copy SET is_finished = true; DELETE FROM copied_table')
        await connection.query('COMMIT')
        return returned.length
      } catch (error) {
        await connection.query('ROLLBACK').catch(() => {})
        throw error
      }
    })
  }

  async #mark(): Promise<Mark | undefined> {
    const [mark] = await this.#database.query<Mark>(
      'SELECT id, source, is_finished AS "isFinished" FROM store_copy',
    )
    return mark
  }

  async #assertNoRows(): Promise<void> {
    const used = [...(await this.counts())].filter(([, rows]) => rows > 0)
    if (used.length === 0) return
    const named = used.slice(0, 3).map(([table, rows]) => `${table} ${rows}`)
    throw new UserError(`the store ${this.#database.settings.location} is not empty: ${named.join(', ')}`, {
      code: 'store-not-empty',
      hint: 'name another schema with ?schema=NAME, or drop this one',
    })
  }

  async #clear(): Promise<void> {
    const names = COPIED_TABLES.map(({ name }) => name)
    await this.#database.query(`TRUNCATE ${[...names, 'copied_table'].join(', ')}`)
  }

  #foreignCopy({ source }: Mark): UserError {
    const { location } = this.#database.settings
    return new UserError(`the store ${location} holds an unfinished copy of ${source}`, {
      code: 'unfinished-copy',
      hint: 'finish that copy, or drop the schema',
    })
  }
}

function continueNumbers(table: string): string {
  return `SELECT setval(pg_get_serial_sequence('${table}', 'seq'), greatest(max(seq), 1), max(seq) IS NOT NULL) FROM ${table}`
}

/** Deletes expired rows in small steps beside the commits. Alerts and deliveries are never deleted. */
import { ageMs } from '../../../core/age.ts'
import { ClockTrust } from '../../clock-trust.ts'
import { FINISHED_TTL_MS } from '../../rows/retention.ts'
import type { Database } from '../database.ts'

const INTERVAL_MS = 60_000
const MAX_ROWS_PER_PASS = 1_000
const TOKEN_TTL_MS = 60 * 60_000

interface Moments {
  readonly now: number
  readonly newest: number | null
}

/** The time of the row that was stored last, even if other rows have a later time. */
const MOMENTS = `
  SELECT store_now($1) AS now, greatest((SELECT created_at FROM alert ORDER BY seq DESC LIMIT 1),
    (SELECT recorded_at FROM signal ORDER BY id DESC LIMIT 1)) AS newest`

export class Retention {
  readonly #database: Database
  readonly #monotonic: () => number
  readonly #passes: readonly { readonly sql: string; readonly keptMs: number }[]
  readonly #signalsKeptMs: number
  readonly #trust = new ClockTrust()
  #last = Number.NEGATIVE_INFINITY
  #running: Promise<void> | null = null

  constructor(database: Database, signalsKeptMs: number, monotonic: () => number) {
    this.#database = database
    this.#monotonic = monotonic
    this.#signalsKeptMs = signalsKeptMs
    this.#passes = [
      { sql: expired('seen', 'until'), keptMs: 0 },
      { sql: expired('kv', 'expires_at'), keptMs: 0 },
      { sql: expired('signal_other', 'recorded_at'), keptMs: signalsKeptMs },
      { sql: expired('inhibitor', 'until'), keptMs: 0 },
      { sql: expired('source_cursor', 'done_at'), keptMs: FINISHED_TTL_MS },
      { sql: expired('commit_token', 'recorded_at'), keptMs: TOKEN_TTL_MS },
    ]
  }

  /** Begins a pass if the last one is a minute ago. A commit does not wait for it. */
  considerPass(now: number | null): void {
    if (this.#running !== null || ageMs(this.#last, this.#monotonic()) < INTERVAL_MS) return
    this.#last = this.#monotonic()
    // What fails now is deleted later.
    this.#running = this.#pass(now)
      .catch(() => {})
      .finally(() => {
        this.#running = null
      })
  }

  async drain(): Promise<void> {
    await this.#running
  }

  async #pass(given: number | null): Promise<void> {
    const [moments] = await this.#database.attempt<Moments>(MOMENTS, [given])
    const { now, newest } = moments!
    if (!this.#trust.isTrusted({ now, monotonic: this.#monotonic() }, () => newest)) return
    for (const { sql, keptMs } of this.#passes) await this.#deleteAll(sql, now - keptMs)
    // A day that is busy is dropped by a later pass.
    await this.#database.attempt('SELECT drop_signal_days($1)', [now - this.#signalsKeptMs])
    await this.#database.attempt('SELECT prepare_signal_days($1)', [now])
  }

  async #deleteAll(sql: string, before: number): Promise<void> {
    let removed = MAX_ROWS_PER_PASS
    while (removed === MAX_ROWS_PER_PASS && !this.#database.isClosing)
      removed = (await this.#database.attempt(sql, [before, MAX_ROWS_PER_PASS])).length
  }
}

/** The condition is repeated: a row that is given a later time meanwhile is kept. */
function expired(table: string, time: string): string {
  return `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${table} WHERE ${time} <= $1 ORDER BY ${time} LIMIT $2)) AND ${time} <= $1 RETURNING 1`
}

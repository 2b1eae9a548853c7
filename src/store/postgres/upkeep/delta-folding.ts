/** Adds the deltas of alerts to their progress, beside the commits, about once a second while there are any. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database.ts'

const INTERVAL_MS = 1_000
const MAX_DELTAS_PER_CALL = 5_000

export class DeltaFolding {
  readonly #database: Database
  readonly #closing = new AbortController()
  #running: Promise<void> | null = null
  /** Deltas may have come since the present round began. */
  #isDue = false

  constructor(database: Database) {
    this.#database = database
  }

  /** To be called after a commit that has made deltas, and when a daemon begins. */
  consider(): void {
    this.#isDue = true
    if (this.#running !== null || this.#closing.signal.aborted) return
    this.#running = this.#fold()
      // What fails now is folded after the next commit.
      .catch(() => {})
      .finally(() => {
        this.#running = null
        if (this.#isDue) this.consider()
      })
  }

  /** Ends the present round. Deltas that are left are folded by the next daemon. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #fold(): Promise<void> {
    await sleep(INTERVAL_MS, undefined, { signal: this.#closing.signal, ref: false })
    this.#isDue = false
    let folded = MAX_DELTAS_PER_CALL
    while (folded === MAX_DELTAS_PER_CALL && !this.#database.isClosing) {
      const sql = 'SELECT fold_deltas($1) AS folded'
      const [row] = await this.#database.attempt<{ folded: number }>(sql, [MAX_DELTAS_PER_CALL])
      folded = row!.folded
    }
  }
}

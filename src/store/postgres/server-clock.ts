/** The time of the database, counted on from the last answer by the monotonic clock of this process. */
import type { Database } from './database.ts'

const MAX_AGE_MS = 10_000

export class ServerClock {
  readonly #database: Database
  readonly #monotonic: () => number
  #offset = 0
  #measuredAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | null = null

  constructor(database: Database, monotonic: () => number) {
    this.#database = database
    this.#monotonic = monotonic
  }

  now(): number {
    return Math.round(this.#monotonic() + this.#offset)
  }

  /** Asks the database. The time of its answer is taken as the middle of the round trip. */
  async measure(): Promise<void> {
    const [row] = await this.#database.run(async (connection) => {
      const before = this.#monotonic()
      const [answer] = await connection.query<{ now: number }>('SELECT store_now(NULL) AS now')
      return [{ now: answer!.now, at: (before + this.#monotonic()) / 2 }]
    })
    this.#offset = row!.now - row!.at
    this.#measuredAt = this.#monotonic()
  }

  /** Asks the database again if the last answer is old. */
  considerMeasure(): void {
    if (this.#running !== null || this.#monotonic() - this.#measuredAt < MAX_AGE_MS) return
    this.#running = this.measure()
      .catch(() => {})
      .finally(() => {
        this.#running = null
      })
  }

  async drain(): Promise<void> {
    await this.#running
  }
}

/** Whether the database of the store can be reached. Requests wait for it only as long as a short interruption takes. */
import type { Clock } from '../model/ports.ts'

/** A restart of a database takes less, so that clients do not notice it. */
const GRACE_MS = 5_000

export class StoreAbsence {
  readonly #clock: Clock
  readonly #waiting = new Set<(reason: string) => void>()
  #returned: AbortController | null = null
  #isLasting = false
  /** The reason for which the database cannot be reached now. */
  reason: string | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The reason, if it has lasted longer than a short interruption. */
  get lastingReason(): string | null {
    return this.#isLasting ? this.reason : null
  }

  /** @param reason null: the database can be reached again. */
  report(reason: string | null): void {
    this.reason = reason
    if (reason === null) {
      this.#isLasting = false
      this.#returned?.abort()
      this.#returned = null
    } else if (this.#returned === null) {
      this.#returned = new AbortController()
      void this.#outlast(this.#returned.signal)
    }
  }

  /** Resolves with the result of the work, or with null when the absence lasts. The work goes on then. */
  async orAbsence<T>(work: Promise<T>): Promise<T | null> {
    if (this.#isLasting) {
      work.catch(() => {})
      return null
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => resolve(null)
      this.#waiting.add(giveUp)
      const end = () => this.#waiting.delete(giveUp)
      work.then(resolve, reject).finally(end)
    })
  }

  async #outlast(returned: AbortSignal): Promise<void> {
    await this.#clock.sleep(GRACE_MS, returned)
    if (returned.aborted) return
    this.#isLasting = true
    for (const giveUp of this.#waiting) giveUp(this.reason ?? '')
    this.#waiting.clear()
  }
}

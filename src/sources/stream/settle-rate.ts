/** Measures how many events are settled in a second while there is more to do than is handed on. */

/** What is expected before the first measurement, and how long it outweighs what is measured. */
const INITIAL_EVENTS_PER_SECOND = 2_000
const INITIAL_MS = 200
/** What was measured so long ago counts about a third. */
const MEMORY_MS = 10_000

export class SettleRate {
  readonly #now: () => number
  #ms = INITIAL_MS
  #events = (INITIAL_EVENTS_PER_SECOND / 1_000) * INITIAL_MS
  #lookedAt: number

  constructor(now: () => number) {
    this.#now = now
    this.#lookedAt = now()
  }

  /**
   * Counts the time since the last call and what was settled in it. Time without a backlog says nothing: fewer events
   * are settled then because fewer come.
   */
  measure(hasBacklog: boolean, settledEvents = 0): void {
    const now = this.#now()
    const elapsedMs = Math.max(0, now - this.#lookedAt)
    this.#lookedAt = now
    if (!hasBacklog) return
    const kept = Math.exp(-elapsedMs / MEMORY_MS)
    this.#ms = this.#ms * kept + elapsedMs
    this.#events = this.#events * kept + settledEvents
  }

  /** How long so many events take. */
  millisecondsFor(events: number): number {
    return events === 0 ? 0 : (events / this.#events) * this.#ms
  }
}

/** Measures how many events are settled per second while there is a backlog. */

/** The expected rate before the first measurement, and the period with which it is weighted. */
const INITIAL_EVENTS_PER_SECOND = 2_000
const INITIAL_MS = 200
/** A measurement of this age has about a third of its weight. */
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
   * Adds the time since the last call and the events settled in it. Time without a backlog is ignored, because fewer
   * events arrive then.
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

  /** Estimates the time for this number of events. */
  millisecondsFor(events: number): number {
    return events === 0 ? 0 : (events / this.#events) * this.#ms
  }
}

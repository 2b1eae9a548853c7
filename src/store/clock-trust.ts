/**
 * Decides whether the clock is trusted for deletions. A clock that is ahead for one run must not delete rows that are
 * still needed, because they cannot be restored. Pure: the times are arguments.
 */

const HOUR_MS = 3_600_000
/** A job that runs once a week leaves a store idle for up to this long. */
const MAX_IDLE_MS = 8 * 24 * HOUR_MS
/** A smaller difference is a correction of the clock, or a busy process. */
const MAX_STEP_MS = 60_000
/** A clock that is wrong at the start is corrected within this time, where anything corrects it. */
const DISTRUST_MS = HOUR_MS

interface Moment {
  readonly now: number
  /** The time of a monotonic clock. */
  readonly monotonic: number
}

export class ClockTrust {
  #last: Moment | null = null
  #trustedFrom = Number.NEGATIVE_INFINITY

  /** @param newest returns the latest time that an earlier process stored; null: none. It is called once. */
  isTrusted(moment: Moment, newest: () => number | null): boolean {
    if (this.#isSuspicious(moment, newest)) this.#trustedFrom = moment.monotonic + DISTRUST_MS
    this.#last = moment
    return moment.monotonic >= this.#trustedFrom
  }

  #isSuspicious({ now, monotonic }: Moment, newest: () => number | null): boolean {
    if (this.#last !== null) {
      const expected = this.#last.now + (monotonic - this.#last.monotonic)
      return Math.abs(now - expected) > MAX_STEP_MS
    }
    const stored = newest()
    return stored !== null && (now - stored > MAX_IDLE_MS || stored - now > MAX_STEP_MS)
  }
}

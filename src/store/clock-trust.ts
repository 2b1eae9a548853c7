/**
 * Whether the clock is believed where that decides what is deleted. A clock that is ahead for one run must not remove
 * what the right clock still needs, and nothing brings it back. Pure: the times are arguments.
 */

const HOUR_MS = 3_600_000
/** The time between two runs of a job that runs once a week. */
const MAX_IDLE_MS = 8 * 24 * HOUR_MS
/** A smaller difference is a correction, or a process that was busy. */
const MAX_STEP_MS = 60_000
/** A clock that is wrong at the start is corrected within this time, where anything corrects it. */
const SECOND_LOOK_AFTER_MS = HOUR_MS

interface Moment {
  readonly now: number
  /** By a clock that nobody sets. */
  readonly monotonic: number
}

export class ClockTrust {
  #last: Moment | null = null
  #trustedFrom = Number.NEGATIVE_INFINITY

  /** @param newest asked once: the time that was stored last, by an earlier process; null: none. */
  isTrusted(moment: Moment, newest: () => number | null): boolean {
    if (this.#isSuspicious(moment, newest)) this.#trustedFrom = moment.monotonic + SECOND_LOOK_AFTER_MS
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

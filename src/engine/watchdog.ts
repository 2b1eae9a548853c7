/** Judges from outside whether a worker has stalled. Pure: marks and times are told to it. */
import { budgetMs, type Mark } from './protocol.ts'

/** Beyond the budget: the worker's own deadline comes first. */
const GRACE_MS = 500
/** Outside of author's code: booting and parsing, on a machine that may be busy. */
const OUTSIDE_MS = 60_000
/** However often the mark moves: who forges it does not keep the worker for good. */
const MOST_MS = 600_000

export const LOOK_EVERY_MS = 50

export class Watchdog {
  readonly #timeMs: number
  #serial: number | null = null
  #since = 0
  #firstLook: number | null = null
  #lastLook: number | null = null

  constructor(timeMs: number) {
    this.#timeMs = timeMs
  }

  /** The worker waits for somebody else: what it has used of its time counts afresh. */
  rest(): void {
    this.#serial = null
    this.#lastLook = null
  }

  /** True when the mark has stood still for too long. Looks that come late judge nothing. */
  stalled(mark: Mark, now: number): boolean {
    const wasLate = this.#lastLook !== null && now - this.#lastLook > LOOK_EVERY_MS + GRACE_MS / 2
    this.#lastLook = now
    this.#firstLook ??= now
    if (now - this.#firstLook > MOST_MS) return true
    // A watchdog that was itself kept waiting can't tell whether the worker had its time.
    if (mark.serial !== this.#serial || wasLate) {
      this.#serial = mark.serial
      this.#since = now
      return false
    }
    return now - this.#since > Math.min(budgetMs(mark, this.#timeMs), OUTSIDE_MS) + GRACE_MS
  }
}

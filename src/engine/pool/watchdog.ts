/** Judges from outside whether a worker has stalled. Pure: marks and times are told to it. */
import { budgetMs, type ProgressMarker } from '../protocol/messages.ts'

/** Beyond the budget: the worker's own deadline comes first. */
const GRACE_MS = 500
/** Outside of author's code. Booting takes longest; a batch is bounded, so parsing it and writing its answer is too. */
const OUTSIDE_MS = { load: 60_000, run: 10_000 } as const
/** However little of it the worker had a core: who waits for this long is not going to come back. */
const MAX_WALL_CLOCK_FACTOR = 10
/** However often the mark moves: who forges it does not keep the worker for good. */
const MAX_BUDGET_MS = 600_000

export const POLL_INTERVAL_MS = 50

export class Watchdog {
  readonly #timeMs: number
  readonly #outsideMs: number
  #serial: number | null = null
  #since = 0
  #coreTimeSince: number | null = null
  #firstLook: number | null = null
  #lastLook: number | null = null

  constructor(timeMs: number, during: keyof typeof OUTSIDE_MS = 'run') {
    this.#timeMs = timeMs
    this.#outsideMs = OUTSIDE_MS[during]
  }

  /** The worker waits for somebody else: what it has used of its time counts afresh. */
  rest(): void {
    this.#serial = null
    this.#lastLook = null
  }

  /**
   * True when the mark has stood still for too long. Looks that come late judge nothing.
   *
   * @param coreTime ms that the worker had a core in all, null while nobody knows: on a busy machine it may have had none.
   */
  stalled(mark: ProgressMarker, now: number, coreTime: number | null): boolean {
    const wasLate = this.#lastLook !== null && now - this.#lastLook > POLL_INTERVAL_MS + GRACE_MS / 2
    this.#lastLook = now
    this.#firstLook ??= now
    if (now - this.#firstLook > MAX_BUDGET_MS) return true
    // A watchdog that was itself kept waiting can't tell whether the worker had its time.
    if (mark.serial !== this.#serial || wasLate) {
      this.#serial = mark.serial
      this.#since = now
      this.#coreTimeSince = coreTime
      return false
    }
    this.#coreTimeSince ??= coreTime
    const budget = budgetMs(mark, this.#timeMs)
    // On an item the budget alone counts: unit tests and settings may well allow more than what is usual outside.
    const most = mark.body >= 0 && mark.item >= 0 ? budget : Math.min(budget, this.#outsideMs)
    const passed = now - this.#since
    const had = Math.min(passed, (coreTime ?? 0) - (this.#coreTimeSince ?? 0))
    return had > most + GRACE_MS || passed > most * MAX_WALL_CLOCK_FACTOR + GRACE_MS
  }
}

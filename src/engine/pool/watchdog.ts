/** MAIN THREAD. Decides from outside whether a worker has stalled. Pure: markers and times are arguments. */
import { budgetMs, type ProgressMarker } from '../protocol/progress-marker.ts'

/** Added to the budget, so that the worker's own deadline comes first. */
const GRACE_MS = 500
/** The budget where no project code runs. Booting takes longest. A batch is bounded, and so are parsing it and its response. */
const DRIVER_BUDGET_MS = { load: 60_000, run: 10_000 } as const
/** A worker that stands still for this multiple of its budget has stalled if it used next to no core time: it sleeps. */
const MAX_SLEEP_FACTOR = 10
/**
 * A worker that got at least this share of a core counts as one that works, on a machine that has other work. The price: one
 * that works for just this share and sleeps otherwise is ended only when its core time exceeds its budget.
 */
const MIN_CORE_SHARE = 1 / 40
/** No job takes longer than this, so code that forges the marker cannot keep the worker for ever. */
const MAX_BUDGET_MS = 600_000

export const POLL_INTERVAL_MS = 50

export class Watchdog {
  readonly #timeMs: number
  readonly #driverBudgetMs: number
  #serial: number | null = null
  #since = 0
  #coreTimeSince: number | null = null
  #firstPoll: number | null = null
  #lastPoll: number | null = null

  constructor(timeMs: number, during: keyof typeof DRIVER_BUDGET_MS = 'run') {
    this.#timeMs = timeMs
    this.#driverBudgetMs = DRIVER_BUDGET_MS[during]
  }

  /** Restarts the budget, because the worker waits for the main thread. */
  restartBudget(): void {
    this.#serial = null
    this.#lastPoll = null
  }

  /**
   * True if the marker has not moved for too long. A poll that comes late decides nothing.
   *
   * @param coreTime total ms for which the worker had a core, null if unknown. On a busy machine it may have had none.
   */
  isStalled(marker: ProgressMarker, now: number, coreTime: number | null): boolean {
    const wasLate = this.#lastPoll !== null && now - this.#lastPoll > POLL_INTERVAL_MS + GRACE_MS / 2
    this.#lastPoll = now
    this.#firstPoll ??= now
    if (now - this.#firstPoll > MAX_BUDGET_MS) return true
    // A watchdog that had to wait itself cannot know whether the worker had its time.
    if (marker.serial !== this.#serial || wasLate) {
      this.#serial = marker.serial
      this.#since = now
      this.#coreTimeSince = coreTime
      return false
    }
    this.#coreTimeSince ??= coreTime
    const budget = budgetMs(marker, this.#timeMs)
    // While an item runs only its own budget counts, since unit tests and settings may allow more than the driver's budget.
    const maxMs = marker.body >= 0 && marker.item >= 0 ? budget : Math.min(budget, this.#driverBudgetMs)
    const passedMs = now - this.#since
    const coreMs = Math.min(passedMs, (coreTime ?? 0) - (this.#coreTimeSince ?? 0))
    const sleeps = coreMs < passedMs * MIN_CORE_SHARE
    return coreMs > maxMs + GRACE_MS || (sleeps && passedMs > maxMs * MAX_SLEEP_FACTOR + GRACE_MS)
  }
}

/** Judges from outside whether a worker has stalled. Pure: marks and times are told to it. */
import { budgetMs, type ProgressMarker } from '../protocol/progress-marker.ts'

/** Beyond the budget: the worker's own deadline comes first. */
const GRACE_MS = 500
/** Outside of author's code. Booting takes longest; a batch is bounded, so parsing it and writing its answer is too. */
const DRIVER_BUDGET_MS = { load: 60_000, run: 10_000 } as const
/** However little of it the worker had a core: who waits for this long is not going to come back. */
const MAX_WALL_CLOCK_FACTOR = 10
/** However often the marker moves: who forges it does not keep the worker for good. */
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

  /** The worker waits for somebody else: what it has used of its time counts afresh. */
  restartBudget(): void {
    this.#serial = null
    this.#lastPoll = null
  }

  /**
   * True when the marker has stood still for too long. Looks that come late judge nothing.
   *
   * @param coreTime ms that the worker had a core in all, null while nobody knows: on a busy machine it may have had none.
   */
  isStalled(marker: ProgressMarker, now: number, coreTime: number | null): boolean {
    const wasLate = this.#lastPoll !== null && now - this.#lastPoll > POLL_INTERVAL_MS + GRACE_MS / 2
    this.#lastPoll = now
    this.#firstPoll ??= now
    if (now - this.#firstPoll > MAX_BUDGET_MS) return true
    // A watchdog that was itself kept waiting can't tell whether the worker had its time.
    if (marker.serial !== this.#serial || wasLate) {
      this.#serial = marker.serial
      this.#since = now
      this.#coreTimeSince = coreTime
      return false
    }
    this.#coreTimeSince ??= coreTime
    const budget = budgetMs(marker, this.#timeMs)
    // On an item the budget alone counts: unit tests and settings may well allow more than what is usual outside.
    const maxMs = marker.body >= 0 && marker.item >= 0 ? budget : Math.min(budget, this.#driverBudgetMs)
    const passedMs = now - this.#since
    const coreMs = Math.min(passedMs, (coreTime ?? 0) - (this.#coreTimeSince ?? 0))
    return coreMs > maxMs + GRACE_MS || passedMs > maxMs * MAX_WALL_CLOCK_FACTOR + GRACE_MS
  }
}

/** Waits before requests to a bucket that is busy. All objects of the bucket wait together. */
import type { Clock } from '../../model/ports.ts'

const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 60_000

export class BucketPauses {
  readonly #clock: Clock
  readonly #paused = new Map<string, { readonly until: number; readonly pauseMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async wait(bucket: string, signal: AbortSignal): Promise<void> {
    const waitMs = (this.#paused.get(bucket)?.until ?? 0) - this.#clock.now()
    if (waitMs > 0) await this.#clock.sleep(Math.min(waitMs, MAX_PAUSE_MS), signal)
  }

  /** Each time in a row doubles the pause. Requests that were under way together count once. */
  busy(bucket: string): void {
    const now = this.#clock.now()
    const known = this.#paused.get(bucket)
    if (known !== undefined && known.until > now) return
    const pauseMs = known === undefined ? FIRST_PAUSE_MS : Math.min(2 * known.pauseMs, MAX_PAUSE_MS)
    this.#paused.set(bucket, { until: now + pauseMs, pauseMs })
  }

  answered(bucket: string): void {
    this.#paused.delete(bucket)
  }
}

/** How much core time a worker thread has used, as the main thread sees it. Not every system can say it. */
import type { Worker } from 'node:worker_threads'

interface Usage {
  readonly user: number
  readonly system: number
}

const inMs = ({ user, system }: Usage) => (user + system) / 1_000

/** Of a worker, seen from outside even while it is stuck. */
export class WorkerCoreTime {
  readonly #worker: Worker
  #latestMs: number | null = null
  #isPending = false

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** As it was a look ago, null before the first answer: a worker that has no core does not answer either. */
  latest(): number | null {
    if (!('cpuUsage' in this.#worker)) return performance.now()
    if (!this.#isPending) void this.#update()
    return this.#latestMs
  }

  async #update(): Promise<void> {
    this.#isPending = true
    try {
      this.#latestMs = inMs(await this.#worker.cpuUsage())
    } catch {
      // It has ended.
    }
    this.#isPending = false
  }
}

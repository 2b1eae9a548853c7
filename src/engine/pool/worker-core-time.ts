/** MAIN THREAD. Measures how much core time a worker thread has used. Not every system can report it. */
import type { Worker } from 'node:worker_threads'

interface Usage {
  readonly user: number
  readonly system: number
}

const inMs = ({ user, system }: Usage) => (user + system) / 1_000

/** Measures one worker from outside, even while it is stuck. */
export class WorkerCoreTime {
  readonly #worker: Worker
  #latestMs: number | null = null
  #isPending = false

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** The value of the previous poll, null before the first one: a worker without a core does not answer either. */
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
      // The worker has ended.
    }
    this.#isPending = false
  }
}

/** How long a thread had a core, in ms: on a busy machine much less than has passed. An older Node doesn't tell, then all time counts. */
import type { Worker } from 'node:worker_threads'

interface Usage {
  readonly user: number
  readonly system: number
}

const inMs = ({ user, system }: Usage) => (user + system) / 1_000

/** Of the calling thread. */
export const ownCoreTime: () => number =
  'threadCpuUsage' in process ? () => inMs(process.threadCpuUsage()) : () => performance.now()

/** Of a worker, seen from outside even while it is stuck. */
export class WorkerCoreTime {
  readonly #worker: Worker
  #known: number | null = null
  #isAsked = false

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** As it was a look ago, null before the first answer: a worker that has no core does not answer either. */
  look(): number | null {
    if (!('cpuUsage' in this.#worker)) return performance.now()
    if (!this.#isAsked) void this.#ask()
    return this.#known
  }

  async #ask(): Promise<void> {
    this.#isAsked = true
    try {
      this.#known = inMs(await this.#worker.cpuUsage())
    } catch {
      // It has ended.
    }
    this.#isAsked = false
  }
}

/**
 * MAIN THREAD. Runs the jobs of one trust group in several workers. The pool replaces a worker that ended; the caller
 * decides about its job.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Bug, messageOf } from '../../errors.ts'
import type { BrokenBody, Job } from '../protocol/messages.ts'
import type { CompletedJob, WorkerHandle, WorkerTermination } from './worker-handle.ts'
import { type StarterOptions, WorkerStarter } from './worker-starter.ts'

interface PoolOptions extends StarterOptions {
  /** The worker that has been booting while the project was read. */
  readonly firstWorker: WorkerHandle
  readonly workers: number
}

interface QueuedJob {
  readonly job: Job
  resolve(end: CompletedJob | WorkerTermination): void
  reject(error: unknown): void
}

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000

export class WorkerPool {
  readonly #options: PoolOptions
  readonly #closing = new AbortController()
  readonly #starter: WorkerStarter
  /** The workers that have started and not ended. */
  readonly #livingWorkers = new Set<WorkerHandle>()
  /** Counts the workers that run, are starting, or wait for another try to start. */
  #workerCount = 0
  /** Why the last start failed; null after a start has succeeded. */
  #startFailure: unknown = null
  readonly #queue: QueuedJob[] = []
  readonly #idleWorkers: ((job: QueuedJob | null) => void)[] = []

  private constructor(options: PoolOptions) {
    this.#options = options
    this.#starter = new WorkerStarter(options, this.#closing.signal)
  }

  /** Resolves with one worker. The others start when jobs have to wait. */
  static async start(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options)
    try {
      // The first worker writes the snapshot that the others start from.
      void pool.#maintainWorker(await pool.#start(options.firstWorker))
      return pool
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  /** The bodies that at least one worker could not load. */
  get broken(): ReadonlyMap<number, BrokenBody> {
    return this.#starter.broken
  }

  /** See body-facts.ts. */
  get facts(): string {
    return this.#starter.facts
  }

  /** Why no job is accepted: the pool is closed, or no worker runs and none can start. Null: jobs are accepted. */
  get refusal(): unknown {
    const { signal } = this.#closing
    if (signal.aborted) return signal.reason
    return this.#livingWorkers.size === 0 ? this.#startFailure : null
  }

  run(job: Job): Promise<CompletedJob | WorkerTermination> {
    return new Promise((resolve, reject) => {
      const { refusal } = this
      if (refusal !== null) return reject(refusal)
      const queued = { job, resolve, reject }
      const waiting = this.#idleWorkers.shift()
      if (waiting) return waiting(queued)
      this.#queue.push(queued)
      if (this.#workerCount < this.#options.workers) void this.#maintainWorker()
    })
  }

  async close(): Promise<void> {
    this.#closing.abort(new Bug('the engine was closed while work was under way'))
    for (const waiting of this.#idleWorkers.splice(0)) waiting(null)
    this.#rejectWhenRefused()
    await Promise.all([...this.#livingWorkers].map((worker) => worker.stop()))
  }

  /** Keeps one worker running until the pool is closed, and replaces it when it ends. */
  async #maintainWorker(started?: WorkerHandle): Promise<void> {
    this.#workerCount++
    for (let next = started; !this.#closing.signal.aborted; next = undefined) {
      const worker = next ?? (await this.#startUntilItSucceeds())
      if (worker === null) return
      await this.#serve(worker)
      this.#livingWorkers.delete(worker)
      this.#rejectWhenRefused()
    }
  }

  /** Resolves to null when the pool is closed. */
  async #startUntilItSucceeds(): Promise<WorkerHandle | null> {
    const { signal } = this.#closing
    for (let waitMs = FIRST_RETRY_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
      try {
        return await this.#start()
      } catch (error) {
        if (signal.aborted) return null
        this.#startFailure = error
        this.#options.log.error({ error: messageOf(error), waitMs }, 'cannot start a worker; retrying')
        this.#rejectWhenRefused()
        await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {})
      }
    }
    return null
  }

  async #start(firstWorker?: WorkerHandle): Promise<WorkerHandle> {
    const worker = await this.#starter.start(firstWorker)
    const { signal } = this.#closing
    if (signal.aborted) {
      await worker.stop()
      throw signal.reason
    }
    this.#livingWorkers.add(worker)
    if (this.#startFailure !== null) this.#options.log.warn({}, 'workers can start again')
    this.#startFailure = null
    return worker
  }

  /** Sends jobs to the worker until it ends or is replaced. */
  async #serve(worker: WorkerHandle): Promise<void> {
    while (worker.isUsable) {
      const queued = await this.#next()
      if (queued === null) return
      const end = await worker.run(queued.job)
      if (this.#closing.signal.aborted) return queued.reject(this.refusal)
      queued.resolve(end)
      if (worker.isBloated) await this.#retire(worker)
    }
  }

  /** Ends the worker between two batches, so that nothing is lost. */
  async #retire(worker: WorkerHandle): Promise<void> {
    this.#options.log.info({}, 'replacing a worker whose memory has grown')
    await worker.stop()
  }

  #next(): Promise<QueuedJob | null> {
    if (this.#closing.signal.aborted) return Promise.resolve(null)
    const queued = this.#queue.shift()
    return queued ? Promise.resolve(queued) : new Promise((resolve) => this.#idleWorkers.push(resolve))
  }

  /** Rejects the queued jobs when no worker may ever run them. */
  #rejectWhenRefused(): void {
    const { refusal } = this
    if (refusal === null) return
    for (const queued of this.#queue.splice(0)) queued.reject(refusal)
  }
}

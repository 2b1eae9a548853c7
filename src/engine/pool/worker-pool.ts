/** Several workers over one queue of jobs. A worker that ended is replaced; what it was doing is the caller's to judge. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Bug, messageOf } from '../../errors.ts'
import type { BrokenBody, Job } from '../protocol/messages.ts'
import type { Done, WorkerHandle, WorkerTermination } from './worker-handle.ts'
import { type StarterOptions, WorkerStarter } from './worker-starter.ts'

interface PoolOptions extends StarterOptions {
  /** A worker that is booting already, while the project was being read. */
  readonly first: WorkerHandle
  readonly workers: number
}

interface Ticket {
  readonly job: Job
  resolve(end: Done | WorkerTermination): void
  reject(error: unknown): void
}

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000

export class WorkerPool {
  readonly #options: PoolOptions
  readonly #closing = new AbortController()
  readonly #starter: WorkerStarter
  /** Those that have started and not ended. */
  readonly #living = new Set<WorkerHandle>()
  /** Those that live, are starting, or wait until their start is tried again. */
  #workers = 0
  /** Why the last start failed; null once one has succeeded. */
  #startFailure: unknown = null
  readonly #queue: Ticket[] = []
  readonly #waiting: ((ticket: Ticket | null) => void)[] = []

  private constructor(options: PoolOptions) {
    this.#options = options
    this.#starter = new WorkerStarter(options, this.#closing.signal)
  }

  /** Ready with one worker; the others come when there is more to do than it can take. */
  static async start(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options)
    try {
      // What it loads becomes the image that the others start from.
      void pool.#keepWorker(await pool.#start(options.first))
      return pool
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  /** Every body that some worker could not load. */
  get broken(): ReadonlyMap<number, BrokenBody> {
    return this.#starter.broken
  }

  /** See body-facts.ts. */
  get facts(): string {
    return this.#starter.facts
  }

  /** Why no job is accepted: the pool is closed, or no worker lives because none starts. Null: jobs are accepted. */
  get refusal(): unknown {
    const { signal } = this.#closing
    if (signal.aborted) return signal.reason
    return this.#living.size === 0 ? this.#startFailure : null
  }

  run(job: Job): Promise<Done | WorkerTermination> {
    return new Promise((resolve, reject) => {
      const { refusal } = this
      if (refusal !== null) return reject(refusal)
      const ticket = { job, resolve, reject }
      const waiting = this.#waiting.shift()
      if (waiting) return waiting(ticket)
      this.#queue.push(ticket)
      if (this.#workers < this.#options.workers) void this.#keepWorker()
    })
  }

  async close(): Promise<void> {
    this.#closing.abort(new Bug('the engine was closed while work was under way'))
    for (const waiting of this.#waiting.splice(0)) waiting(null)
    this.#rejectWhenRefused()
    await Promise.all([...this.#living].map((evaluator) => evaluator.stop()))
  }

  /** One worker after the other, until the pool is closed. */
  async #keepWorker(started?: WorkerHandle): Promise<void> {
    this.#workers++
    for (let next = started; !this.#closing.signal.aborted; next = undefined) {
      const evaluator = next ?? (await this.#startUntilItSucceeds())
      if (evaluator === null) return
      await this.#serve(evaluator)
      this.#living.delete(evaluator)
      this.#rejectWhenRefused()
    }
  }

  /** Null when the pool is closed. */
  async #startUntilItSucceeds(): Promise<WorkerHandle | null> {
    const { signal } = this.#closing
    for (let waitMs = FIRST_RETRY_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
      try {
        return await this.#start()
      } catch (error) {
        if (signal.aborted) return null
        this.#startFailure = error
        this.#options.log.error(
          { error: messageOf(error), waitMs },
          'a worker could not start; it is tried again',
        )
        this.#rejectWhenRefused()
        await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {})
      }
    }
    return null
  }

  async #start(booting?: WorkerHandle): Promise<WorkerHandle> {
    const evaluator = await this.#starter.start(booting)
    const { signal } = this.#closing
    if (signal.aborted) {
      await evaluator.stop()
      throw signal.reason
    }
    this.#living.add(evaluator)
    if (this.#startFailure !== null) this.#options.log.warn({}, 'workers start again')
    this.#startFailure = null
    return evaluator
  }

  /** Until it has ended, or is better replaced. */
  async #serve(evaluator: WorkerHandle): Promise<void> {
    while (evaluator.usable) {
      const ticket = await this.#next()
      if (ticket === null) return
      const end = await evaluator.run(ticket.job)
      if (this.#closing.signal.aborted) return ticket.reject(this.refusal)
      ticket.resolve(end)
      if (evaluator.isBloated) await this.#retire(evaluator)
    }
  }

  /** Between two batches: nothing is lost by it. */
  async #retire(evaluator: WorkerHandle): Promise<void> {
    this.#options.log.info({}, 'a worker whose memory had grown is replaced')
    await evaluator.stop()
  }

  #next(): Promise<Ticket | null> {
    if (this.#closing.signal.aborted) return Promise.resolve(null)
    const ticket = this.#queue.shift()
    return ticket ? Promise.resolve(ticket) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** What waits is not kept waiting for a worker that may never come. */
  #rejectWhenRefused(): void {
    const { refusal } = this
    if (refusal === null) return
    for (const ticket of this.#queue.splice(0)) ticket.reject(refusal)
  }
}

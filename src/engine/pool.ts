/** Several workers over one queue of jobs. A worker that ended is replaced; what it was doing is the caller's to judge. */
import { Bug } from '../errors.ts'
import type { Log } from '../model/ports.ts'
import type { AskCache } from './cache-answers.ts'
import { endedCall, plainError } from './ended-call.ts'
import { type Done, type Ended, Evaluator, type Ready } from './evaluator.ts'
import { type BrokenBody, budgetMs, type Job, LOADING, type LoadOrder } from './protocol.ts'
import { loadRequest } from './requests.ts'
import type { StartState } from './start-state.ts'

export interface PoolOptions {
  readonly setup: Omit<LoadOrder, 'request' | 'leftOut' | 'images'>
  readonly from: StartState
  /** A worker that is booting already, while the project was being read. */
  readonly first: Evaluator
  readonly workers: number
  /** What the first loads becomes an image, for later starts. */
  readonly keepsImage: boolean
  /** Answers the caching helpers; without it each interpreter keeps their items for itself. */
  readonly askCache: AskCache | undefined
  readonly log: Log
}

interface Ticket {
  readonly job: Job
  resolve(end: Done | Ended): void
  reject(error: unknown): void
}

export class Pool {
  /** Every body that some worker could not load. */
  readonly broken = new Map<number, BrokenBody>()
  /** See body-facts.ts. */
  facts = ''
  readonly #options: PoolOptions
  readonly #excluded = new Map<number, BrokenBody>()
  readonly #evaluators = new Set<Evaluator>()
  /** Those that are starting included. */
  #workers = 0
  readonly #queue: Ticket[] = []
  readonly #waiting: ((ticket: Ticket | null) => void)[] = []
  readonly #closing = new AbortController()
  #failure: unknown

  private constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Ready with one worker; the others come when there is more to do than it can take. */
  static async start(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options)
    try {
      // What it loads becomes the image that the others start from.
      pool.#workers++
      void pool.#serve(await pool.#startEvaluator(options.first))
      return pool
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  run(job: Job): Promise<Done | Ended> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      const ticket = { job, resolve, reject }
      const waiting = this.#waiting.shift()
      if (waiting) return waiting(ticket)
      this.#queue.push(ticket)
      if (this.#workers < this.#options.workers) void this.#grow()
    })
  }

  async #grow(): Promise<void> {
    this.#workers++
    try {
      await this.#serve(await this.#startEvaluator())
    } catch (error) {
      this.#fail(error)
    }
  }

  async close(): Promise<void> {
    this.#fail(new Bug('the engine was closed while work was under way'))
    await Promise.all([...this.#evaluators].map((evaluator) => evaluator.stop()))
  }

  async #serve(first: Evaluator): Promise<void> {
    let evaluator = first
    for (;;) {
      const ticket = await this.#next()
      if (ticket === null) return
      const end = await evaluator.run(ticket.job)
      if (this.#failure !== undefined) return ticket.reject(this.#failure)
      ticket.resolve(end)
      if (evaluator.isBloated) await this.#retire(evaluator)
      if (evaluator.usable) continue
      this.#evaluators.delete(evaluator)
      try {
        evaluator = await this.#startEvaluator()
      } catch (error) {
        return this.#fail(error)
      }
    }
  }

  /** Between two batches: nothing is lost by it. */
  async #retire(evaluator: Evaluator): Promise<void> {
    this.#options.log.info({}, 'a worker whose memory had grown is replaced')
    await evaluator.stop()
  }

  #next(): Promise<Ticket | null> {
    if (this.#failure !== undefined) return Promise.resolve(null)
    const ticket = this.#queue.shift()
    return ticket ? Promise.resolve(ticket) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Nothing is run from here on. */
  #fail(error: unknown): void {
    this.#failure ??= error
    this.#closing.abort()
    for (const waiting of this.#waiting.splice(0)) waiting(null)
    for (const ticket of this.#queue.splice(0)) ticket.reject(this.#failure)
  }

  /** A body whose loading ends the worker is left out of the next start. */
  async #startEvaluator(booting?: Evaluator): Promise<Evaluator> {
    const { from, setup, keepsImage } = this.#options
    const { bodies } = setup
    let last = -1
    for (let ended = 0, next = booting; ; ended++, next = undefined) {
      const images = !keepsImage ? 'ignore' : ended === 0 ? 'use' : 'make'
      const start = await this.#load(next ?? new Evaluator(from), images)
      if (start.kind === 'ready') {
        this.#evaluators.add(start.evaluator)
        for (const each of start.broken) this.broken.set(each.body, each)
        this.facts ||= start.facts
        return start.evaluator
      }
      if (this.#failure !== undefined) throw this.#failure
      const { body } = start.mark
      // Bodies are loaded in order, and without the last culprit it goes on behind it: else the mark is forged.
      const isTold = body > last && bodies[body] !== undefined && !this.#excluded.has(body)
      // An image whose heap ends its worker says nothing of a body: they are loaded anew first.
      if (!isTold && ended === 0) continue
      last = isTold ? body : await this.#guiltyBody(start)
      this.#exclude(last, start)
    }
  }

  async #load(evaluator: Evaluator, images: LoadOrder['images']): Promise<Ready | Ended> {
    const { setup, from, askCache } = this.#options
    if (askCache) evaluator.answerCache(askCache)
    const order = { ...setup, ...this.#request(), images }
    const start = await evaluator.load(order, this.#closing.signal)
    if (start.kind === 'ready') for (const kept of start.kept) from.keep(kept)
    return start
  }

  /**
   * Where the mark names nobody, or one that it can't have been: the last of the fewest bodies, in load order, that end a
   * worker. Found from outside, so that no mark leads astray.
   */
  async #guiltyBody({ ending, message }: Ended): Promise<number> {
    let [fine, ends] = [0, this.#options.setup.bodies.length]
    if (await this.#endsWorker(0)) throw new Bug(`Python does not start: ${message || ending}`)
    while (ends - fine > 1) {
      const middle = (fine + ends) >> 1
      if (await this.#endsWorker(middle)) ends = middle
      else fine = middle
    }
    return fine
  }

  /** Whether loading that many bodies does. */
  async #endsWorker(count: number): Promise<boolean> {
    const { setup, from } = this.#options
    const leftOut = setup.bodies.flatMap((_, body) =>
      body < count ? [] : [{ body, error: plainError('NotLoaded', 'left out') }],
    )
    const evaluator = new Evaluator(from)
    const order = { ...setup, ...this.#request(leftOut), images: 'ignore' } as const
    const start = await evaluator.load(order, this.#closing.signal)
    await evaluator.stop()
    if (this.#failure !== undefined) throw this.#failure
    return start.kind === 'ended'
  }

  #request(others: readonly BrokenBody[] = []): Pick<LoadOrder, 'request' | 'leftOut'> {
    const { setup, askCache } = this.#options
    const excluded = [...this.#excluded.values(), ...others]
    const { bodies, packages } = setup
    const { limits } = setup.settings
    const request = loadRequest({ bodies, excluded, limits, packages, hostCache: askCache !== undefined })
    return { request, leftOut: excluded.map(({ body }) => body) }
  }

  #exclude(number: number, end: Ended): void {
    const { setup, log } = this.#options
    const body = setup.bodies[number]!
    const { timeMs } = setup.settings.limits
    const mark = { ...end.mark, body: number, item: LOADING }
    const error = endedCall(body, { ...end, mark }, budgetMs(mark, timeMs))
    this.#excluded.set(number, { body: number, error })
    log.error(
      { id: body.id, file: body.path, ending: end.ending },
      'loading a body ended its worker: it is left out',
    )
  }
}

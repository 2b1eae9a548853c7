/** Starts workers for one trust group. A body whose loading ends a worker is left out of the next start. */
import { UserError } from '../../errors.ts'
import { syntheticError } from '../../model/events/outcome.ts'
import type { Log } from '../../model/ports.ts'
import { loadRequest } from '../protocol/driver-request.ts'
import type { BrokenBody, LoadRequest } from '../protocol/messages.ts'
import { budgetMs, LOADING } from '../protocol/progress-marker.ts'
import { terminatedCall } from '../protocol/terminated-call.ts'
import type { CacheResponder } from './cache-server.ts'
import type { StartState } from './start-state.ts'
import { type ReadyWorker, WorkerHandle, type WorkerTermination } from './worker-handle.ts'

export interface StarterOptions {
  /** Name of the trust group. */
  readonly group: string
  readonly setup: Omit<LoadRequest, 'driverRequest' | 'excluded' | 'snapshots'>
  readonly startState: StartState
  /** What the first loads becomes an image, for later starts. */
  readonly keepsSnapshot: boolean
  /** Answers the caching helpers; without it each interpreter keeps their items for itself. */
  readonly respondToCache: CacheResponder | undefined
  readonly log: Log
}

/** Starts that end without a body to blame, before one start counts as failed. */
const MAX_UNEXPLAINED_ENDS = 2

export class WorkerStarter {
  /** Every body that some worker could not load. */
  readonly broken = new Map<number, BrokenBody>()
  /** See body-facts.ts. */
  facts = ''
  readonly #options: StarterOptions
  readonly #excluded = new Map<number, BrokenBody>()
  readonly #signal: AbortSignal
  #hasStarted = false
  #isRefusalReported = false

  /** @param signal ends what is starting; its reason is then thrown. */
  constructor(options: StarterOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /** Rejects when no worker starts, whatever is left out: a later start may succeed. */
  async start(booting?: WorkerHandle): Promise<WorkerHandle> {
    const { startState, setup, keepsSnapshot } = this.#options
    const { bodies } = setup
    let lastOffender = -1
    let unexplained = 0
    for (let ended = 0, next = booting; ; ended++, next = undefined) {
      const snapshots = !keepsSnapshot ? 'ignore' : ended === 0 ? 'use' : 'make'
      const start = await this.#loadWorker(next ?? new WorkerHandle(startState), snapshots)
      if (start.kind === 'ready') {
        for (const each of start.broken) this.broken.set(each.body, each)
        this.facts ||= start.facts
        this.#hasStarted = true
        return start.worker
      }
      this.#signal.throwIfAborted()
      const { body } = start.marker
      // Bodies are loaded in order, and without the last offender it goes on behind it: else the marker is forged.
      const isPlausible = body > lastOffender && bodies[body] !== undefined && !this.#excluded.has(body)
      // An image whose heap ends its worker says nothing of a body: they are loaded anew first. Nor does one end say
      // anything of a body that an earlier worker could load.
      if (ended === 0 && (!isPlausible || this.#hasStarted)) continue
      const offender = isPlausible ? body : await this.#findOffender(start)
      if (offender !== null) {
        lastOffender = offender
        this.#exclude(offender, start)
      } else if (++unexplained >= MAX_UNEXPLAINED_ENDS) throw startFailure(start)
    }
  }

  async #loadWorker(
    worker: WorkerHandle,
    snapshots: LoadRequest['snapshots'],
  ): Promise<ReadyWorker | WorkerTermination> {
    const { setup, startState, respondToCache } = this.#options
    if (respondToCache) worker.serveCache(respondToCache)
    const request = { ...setup, ...this.#request(), snapshots }
    const start = await worker.load(request, this.#signal)
    if (start.kind !== 'ready') return start
    for (const snapshot of start.packed) startState.save(snapshot)
    this.#reportSnapshot(start)
    return start
  }

  #reportSnapshot({ startDependent, refusal }: ReadyWorker): void {
    const { group, setup, log } = this.#options
    if (refusal !== null && !this.#isRefusalReported) {
      this.#isRefusalReported = true
      log.warn(
        { group, reason: refusal },
        'no snapshot of these detections was kept: each start loads them again',
      )
    }
    for (const number of startDependent) {
      const { id, path } = setup.bodies[number]!
      log.debug(
        { group, id, file: path },
        'it reads the clock or random numbers while it is loaded, so each start loads it again',
      )
    }
  }

  /**
   * Where the marker names nobody, or one that it can't have been: the last of the fewest bodies, in load order, that end a
   * worker. Found from outside, so that no marker leads astray. Null when all bodies can be loaded after all.
   */
  async #findOffender(ended: WorkerTermination): Promise<number | null> {
    let [fine, ends] = [0, this.#options.setup.bodies.length]
    if (await this.#endsWorker(0)) throw startFailure(ended)
    if (!(await this.#endsWorker(ends))) return null
    while (ends - fine > 1) {
      const middle = (fine + ends) >> 1
      if (await this.#endsWorker(middle)) ends = middle
      else fine = middle
    }
    return fine
  }

  /** Whether loading that many bodies does. */
  async #endsWorker(count: number): Promise<boolean> {
    const { setup, startState } = this.#options
    const leftOut = setup.bodies.flatMap((_, body) =>
      body < count ? [] : [{ body, error: syntheticError('NotLoaded', 'left out') }],
    )
    const worker = new WorkerHandle(startState)
    const request = { ...setup, ...this.#request(leftOut), snapshots: 'ignore' } as const
    const start = await worker.load(request, this.#signal)
    await worker.stop()
    this.#signal.throwIfAborted()
    return start.kind === 'ended'
  }

  #request(others: readonly BrokenBody[] = []): Pick<LoadRequest, 'driverRequest' | 'excluded'> {
    const { setup, respondToCache } = this.#options
    const excluded = [...this.#excluded.values(), ...others]
    const { bodies, packages } = setup
    const { limits } = setup.settings
    const request = loadRequest({
      bodies,
      excluded,
      limits,
      packages,
      hostCache: respondToCache !== undefined,
    })
    return { driverRequest: request, excluded: excluded.map(({ body }) => body) }
  }

  #exclude(number: number, end: WorkerTermination): void {
    const { setup, log } = this.#options
    const body = setup.bodies[number]!
    const { timeMs } = setup.settings.limits
    const marker = { ...end.marker, body: number, item: LOADING }
    const error = terminatedCall(body, { ...end, marker }, budgetMs(marker, timeMs))
    this.#excluded.set(number, { body: number, error })
    log.error(
      { id: body.id, file: body.path, ending: end.reason },
      'loading a body ended its worker: it is left out',
    )
  }
}

/** The machine's state decides whether a thread starts: its files, memory, descriptors. */
function startFailure({ message, reason }: WorkerTermination): UserError {
  return new UserError(`Python does not start: ${message || reason}`, {
    hint: 'check the installation, and the limits of memory, threads and open files',
  })
}

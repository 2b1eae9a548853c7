/** MAIN THREAD. Starts workers for one trust group. A body whose loading ends a worker is excluded from the next start. */
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
  /** The name of the trust group. */
  readonly group: string
  readonly setup: Omit<LoadRequest, 'driverRequest' | 'excluded' | 'snapshots'>
  readonly startState: StartState
  /** Whether a snapshot is made of what the first worker loads. */
  readonly keepsSnapshot: boolean
  /** Responds to the caching helpers. Without it each interpreter keeps their items for itself. */
  readonly respondToCache: CacheResponder | undefined
  readonly log: Log
}

/** After this many ends for which no body is the cause, the start has failed. */
const MAX_UNEXPLAINED_ENDS = 2

export class WorkerStarter {
  /** The bodies that at least one worker could not load. */
  readonly broken = new Map<number, BrokenBody>()
  /** See body-facts.ts. */
  facts = ''
  readonly #options: StarterOptions
  readonly #excluded = new Map<number, BrokenBody>()
  readonly #signal: AbortSignal
  #hasStarted = false
  #isRefusalReported = false

  /** @param signal ends a worker that is starting; `start` then rejects with its reason. */
  constructor(options: StarterOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /** Rejects if no worker starts, whatever is excluded. A later start may succeed. */
  async start(booting?: WorkerHandle): Promise<WorkerHandle> {
    const { startState, setup, keepsSnapshot } = this.#options
    const { bodies } = setup
    let lastOffender = -1
    let unexplained = 0
    for (let ended = 0, next = booting; ; ended++, next = undefined) {
      const snapshots = !keepsSnapshot ? 'ignore' : ended === 0 ? 'use' : 'make'
      const start = await this.#loadWorker(next ?? WorkerHandle.start(startState), snapshots)
      if (start.kind === 'ready') {
        for (const each of start.broken) this.broken.set(each.body, each)
        this.facts ||= start.facts
        this.#hasStarted = true
        return start.worker
      }
      this.#signal.throwIfAborted()
      const { body } = start.marker
      // Bodies load in order, so after an offender is excluded the next one comes later. Any other marker is forged.
      const isPlausible = body > lastOffender && bodies[body] !== undefined && !this.#excluded.has(body)
      // If a worker dies while it restores a snapshot, it loads from source once before a body is blamed. A body that an
      // earlier worker could load is not blamed after a single end either.
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
   * Finds the offender without the marker, by bisection over the load order. It is used if the marker names no body or one
   * that cannot be the cause. Null: all bodies can be loaded after all.
   */
  async #findOffender(ended: WorkerTermination): Promise<number | null> {
    let [loadable, fatal] = [0, this.#options.setup.bodies.length]
    if (await this.#endsWorker(0)) throw startFailure(ended)
    if (!(await this.#endsWorker(fatal))) return null
    while (fatal - loadable > 1) {
      const middle = (loadable + fatal) >> 1
      if (await this.#endsWorker(middle)) fatal = middle
      else loadable = middle
    }
    return loadable
  }

  /** Whether loading the first `count` bodies ends a worker. */
  async #endsWorker(count: number): Promise<boolean> {
    const { setup, startState } = this.#options
    const leftOut = setup.bodies.flatMap((_, body) =>
      body < count ? [] : [{ body, error: syntheticError('NotLoaded', 'excluded') }],
    )
    const worker = WorkerHandle.start(startState)
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
      'loading a body ended its worker; the body is excluded',
    )
  }
}

/** Whether a thread starts depends on the machine: its files, memory and descriptors. */
function startFailure({ message, reason }: WorkerTermination): UserError {
  return new UserError(`cannot start Python: ${message || reason}`, {
    code: 'python-start-failed',
    hint: 'check the installation and the limits of memory, threads and open files',
  })
}

/** MAIN THREAD. A handle of one worker thread: starts it, sends jobs to it, watches it and ends it. */
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { WORKER_ENTRY } from '../../installed-files.ts'
import type { PackageSet } from '../../model/project/packages.ts'
import type {
  DriverResponse,
  FromWorker,
  Job,
  LoadRequest,
  PackedResponse,
  RestoredProject,
  WorkerSetup,
} from '../protocol/messages.ts'
import { MARKER_CELL_COUNT, type ProgressMarker, readMarker } from '../protocol/progress-marker.ts'
import { unpackOutcomes } from '../protocol/quiet-events.ts'
import { THREAD_STACK_MIB } from '../protocol/stack-sizes.ts'
import type { TerminationReason } from '../protocol/terminated-call.ts'
import { type CacheResponder, CacheServer } from './cache-server.ts'
import type { StartState } from './start-state.ts'
import { keepCompiledWasm } from './v8-flags.ts'
import { POLL_INTERVAL_MS, Watchdog } from './watchdog.ts'
import { WorkerCoreTime } from './worker-core-time.ts'

export interface CompletedJob extends DriverResponse {
  readonly kind: 'done'
}
export interface ReadyWorker extends RestoredProject {
  readonly kind: 'ready'
  readonly worker: WorkerHandle
}
/** The worker has ended; the marker says which call it was running. */
export interface WorkerTermination {
  readonly kind: 'ended'
  readonly marker: ProgressMarker
  readonly reason: TerminationReason
  /** The error that Node reported. */
  readonly message: string
}

/** The old generation holds the texts and objects of one batch. Beyond its limit the worker ends instead of the process. */
const RESOURCE_LIMITS = {
  stackSizeMb: THREAD_STACK_MIB,
  maxYoungGenerationSizeMb: 16,
  maxOldGenerationSizeMb: 1024,
}

/** Passes the compile cache on. Without it each worker compiles the same modules again. */
function compileCacheEnvironment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir()
  // Node appends its version to this path, and the path that it returns already has it.
  return folder ? { NODE_COMPILE_CACHE: dirname(folder) } : {}
}

/** A worker that grew by more is replaced, so that one large batch does not cost memory for ever. */
const MAX_HEAP_GROWTH_BYTES = 64 * 1024 * 1024
const NO_CALL = { body: -1, item: 0 }

export class WorkerHandle {
  readonly #worker: Worker
  readonly #coreTime: WorkerCoreTime
  readonly #cells: Int32Array
  readonly #cache: CacheServer
  #timeMs = Number.POSITIVE_INFINITY
  #isGone = false
  #exit: Promise<number> | undefined
  #message = ''
  #readyBytes = 0
  #heapBytes = 0

  /** Starts the thread, which boots without a project. Its packages may already be known. The caller must stop it. */
  static start(from: StartState, packages: PackageSet | null = null): WorkerHandle {
    const marker = new SharedArrayBuffer(MARKER_CELL_COUNT * Int32Array.BYTES_PER_ELEMENT)
    const cells = new Int32Array(marker).fill(-1)
    const cache = new CacheServer()
    keepCompiledWasm()
    const worker = new Worker(WORKER_ENTRY, {
      workerData: { marker, cache: cache.channel, packages, ...from.next() } satisfies WorkerSetup,
      // The worker inherits no environment; this only locates Node's compile cache.
      env: compileCacheEnvironment(),
      transferList: [cache.channel.port],
      resourceLimits: RESOURCE_LIMITS,
      stdout: true,
      stderr: true,
    })
    // An idle worker does not keep the process running.
    worker.unref()
    // Pyodide prints a request for a bug report when project code ends it; the log has the cause instead.
    worker.stdout.resume()
    worker.stderr.resume()
    worker.once('message', (first: FromWorker) => {
      if (first.kind === 'booted') from.recordBoot(first)
    })
    return new WorkerHandle(worker, cells, cache)
  }

  private constructor(worker: Worker, cells: Int32Array, cache: CacheServer) {
    this.#worker = worker
    this.#cells = cells
    this.#cache = cache
    this.#coreTime = new WorkerCoreTime(worker)
    this.#worker.on('error', (error) => {
      this.#message = messageOf(error)
    })
    this.#worker.on('exit', () => {
      this.#isGone = true
      this.#cache.close()
    })
  }

  serveCache(responder: CacheResponder): void {
    this.#cache.serve(responder)
  }

  /** Whether its memory has grown so much that it should be replaced: WebAssembly memory never shrinks. */
  get isBloated(): boolean {
    return this.#heapBytes - this.#readyBytes > MAX_HEAP_GROWTH_BYTES
  }

  async load(request: LoadRequest, signal: AbortSignal): Promise<ReadyWorker | WorkerTermination> {
    this.#timeMs = request.settings.limits.timeMs
    const stop = () => void this.stop()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.#worker.ref()
    this.#worker.postMessage(request)
    const reply = await this.#reply('load')
    signal.removeEventListener('abort', stop)
    if (reply.kind !== 'ready') return reply as WorkerTermination
    this.#readyBytes = reply.heapBytes
    return { ...reply, worker: this }
  }

  /** False after the worker has ended or was asked to end. */
  get isUsable(): boolean {
    return !this.#isGone
  }

  async run(job: Job): Promise<CompletedJob | WorkerTermination> {
    this.#worker.postMessage(job)
    const reply = await this.#reply('run')
    if (reply.kind !== 'done') return reply as WorkerTermination
    this.#heapBytes = reply.heapBytes
    const response = JSON.parse(reply.response) as PackedResponse
    return { kind: 'done', ...response, outcomes: unpackOutcomes(response.outcomes, job.work) }
  }

  /** Ends the worker. Further calls wait for the same end. */
  async stop(): Promise<void> {
    this.#isGone = true
    this.#exit ??= this.#worker.terminate()
    await this.#exit
  }

  /** Ends a worker that still runs but whose results cannot be trusted any more. */
  #violationTermination({
    description,
    offender,
  }: Extract<FromWorker, { kind: 'integrity-violation' }>): WorkerTermination {
    void this.stop()
    const marker = { serial: 0, function: 0, isExact: true, ...(offender ?? NO_CALL) }
    return { kind: 'ended', marker, reason: 'tampering', message: description }
  }

  #reply(during: 'load' | 'run'): Promise<FromWorker | WorkerTermination> {
    return new Promise((resolve) => {
      if (this.#isGone)
        return resolve({
          kind: 'ended',
          marker: readMarker(this.#cells),
          reason: 'crash',
          message: this.#message,
        })
      const watchdog = new Watchdog(this.#timeMs, during)
      let reason: TerminationReason = 'crash'
      const timer = setInterval(() => {
        if (this.#cache.isPending) return watchdog.restartBudget()
        if (!watchdog.isStalled(readMarker(this.#cells), performance.now(), this.#coreTime.latest())) return
        reason = 'time'
        void this.stop()
      }, POLL_INTERVAL_MS)
      const finish = (reply: FromWorker | WorkerTermination) => {
        if (reply.kind === 'booted') return
        if (reply.kind === 'integrity-violation') return finish(this.#violationTermination(reply))
        clearInterval(timer)
        this.#worker.off('message', finish).off('exit', onExit)
        resolve(reply)
      }
      const onExit = () =>
        finish({ kind: 'ended', marker: readMarker(this.#cells), reason, message: this.#message })
      this.#worker.on('message', finish).on('exit', onExit)
    })
  }
}

/** One worker thread as the main thread sees it: started, given jobs, watched, ended. */
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { WORKER_ENTRY } from '../../installed-files.ts'
import type { PackageSet } from '../../model/project/packages.ts'
import {
  type DriverResponse,
  type FromWorker,
  type Job,
  type LoadRequest,
  MARKER_CELL_COUNT,
  type ProgressMarker,
  type RestoredProject,
  readMarker,
  type WorkerSetup,
} from '../protocol/messages.ts'
import { THREAD_STACK_MIB } from '../protocol/stack-sizes.ts'
import type { TerminationReason } from '../protocol/terminated-call.ts'
import { type AskCache, CacheServer } from './cache-server.ts'
import type { StartState } from './start-state.ts'
import { keepCompiledWasm } from './wasm-code.ts'
import { POLL_INTERVAL_MS, Watchdog } from './watchdog.ts'
import { WorkerCoreTime } from './worker-core-time.ts'

export interface Done extends DriverResponse {
  readonly kind: 'done'
}
export interface Ready extends RestoredProject {
  readonly kind: 'ready'
  readonly evaluator: WorkerHandle
}
/** The worker is gone; the mark says where it was. */
export interface WorkerTermination {
  readonly kind: 'ended'
  readonly mark: ProgressMarker
  readonly ending: TerminationReason
  /** What Node said about it. */
  readonly message: string
}

/** The old generation holds the texts and objects of one batch; beyond its bound the worker ends, and not the process. */
const RESOURCE_LIMITS = {
  stackSizeMb: THREAD_STACK_MIB,
  maxYoungGenerationSizeMb: 8,
  maxOldGenerationSizeMb: 1024,
}

/** A worker compiles the same modules as the last one did, unless it is told where those are. */
function compileCache(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir()
  // Node appends its own version, which the folder that it tells has already.
  return folder ? { NODE_COMPILE_CACHE: dirname(folder) } : {}
}

/** One batch that needed much must not cost as much for ever. */
const MAX_HEAP_GROWTH_BYTES = 64 * 1024 * 1024
const NO_CALL = { body: -1, item: 0 }

export class WorkerHandle {
  readonly #worker: Worker
  readonly #coreTime: WorkerCoreTime
  readonly #cells: Int32Array
  #timeMs = Number.POSITIVE_INFINITY
  #gone = false
  #ended: Promise<number> | undefined
  #message = ''
  #readyBytes = 0
  #heapBytes = 0
  readonly #cache = new CacheServer()

  /** Boots at once; nothing of any project is known to it yet, but perhaps its packages. */
  constructor(from: StartState, packages: PackageSet | null = null) {
    const mark = new SharedArrayBuffer(MARKER_CELL_COUNT * Int32Array.BYTES_PER_ELEMENT)
    this.#cells = new Int32Array(mark).fill(-1)
    keepCompiledWasm()
    this.#worker = new Worker(WORKER_ENTRY, {
      workerData: { mark, cache: this.#cache.line, packages, ...from.next() } satisfies WorkerSetup,
      // Nothing of ours; it only says where Node keeps what it has compiled.
      env: compileCache(),
      transferList: [this.#cache.line.port],
      resourceLimits: RESOURCE_LIMITS,
      stdout: true,
      stderr: true,
    })
    this.#coreTime = new WorkerCoreTime(this.#worker)
    // Until somebody waits for it.
    this.#worker.unref()
    // Pyodide asks to be sent a report when an author's code ends it; the log says what happened instead.
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
    this.#worker.on('error', (error) => {
      this.#message = messageOf(error)
    })
    this.#worker.on('exit', () => {
      this.#gone = true
      this.#cache.close()
    })
    this.#worker.once('message', (first: FromWorker) => {
      if (first.kind === 'booted') from.learn(first)
    })
  }

  answerCache(ask: AskCache): void {
    this.#cache.give(ask)
  }

  /** Its memory has grown so far since it was ready that it is better replaced: nothing gives that back. */
  get isBloated(): boolean {
    return this.#heapBytes - this.#readyBytes > MAX_HEAP_GROWTH_BYTES
  }

  async load(order: LoadRequest, signal: AbortSignal): Promise<Ready | WorkerTermination> {
    this.#timeMs = order.settings.limits.timeMs
    const stop = () => void this.stop()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.#worker.ref()
    this.#worker.postMessage(order)
    const reply = await this.#reply('load')
    signal.removeEventListener('abort', stop)
    if (reply.kind !== 'ready') return reply as WorkerTermination
    this.#readyBytes = reply.heapBytes
    return { ...reply, evaluator: this }
  }

  /** False once it has ended or is about to. */
  get usable(): boolean {
    return !this.#gone
  }

  async run(job: Job): Promise<Done | WorkerTermination> {
    this.#worker.postMessage(job)
    const reply = await this.#reply('run')
    if (reply.kind !== 'told') return reply as WorkerTermination
    this.#heapBytes = reply.heapBytes
    return { kind: 'done', ...(JSON.parse(reply.answer) as DriverResponse) }
  }

  /** Ends it, once however often it is asked to. */
  async stop(): Promise<void> {
    this.#gone = true
    this.#ended ??= this.#worker.terminate()
    await this.#ended
  }

  /** It still runs, but nothing of it can be believed. */
  #tampered({ what, culprit }: Extract<FromWorker, { kind: 'tampered' }>): WorkerTermination {
    void this.stop()
    const mark = { serial: 0, function: 0, isExact: true, ...(culprit ?? NO_CALL) }
    return { kind: 'ended', mark, ending: 'tampering', message: what }
  }

  #reply(during: 'load' | 'run'): Promise<FromWorker | WorkerTermination> {
    return new Promise((resolve) => {
      if (this.#gone)
        return resolve({
          kind: 'ended',
          mark: readMarker(this.#cells),
          ending: 'crash',
          message: this.#message,
        })
      const watchdog = new Watchdog(this.#timeMs, during)
      let ending: TerminationReason = 'crash'
      const timer = setInterval(() => {
        if (this.#cache.isAwaited) return watchdog.rest()
        if (!watchdog.stalled(readMarker(this.#cells), performance.now(), this.#coreTime.look())) return
        ending = 'time'
        void this.stop()
      }, POLL_INTERVAL_MS)
      const finish = (reply: FromWorker | WorkerTermination) => {
        if (reply.kind === 'booted') return
        if (reply.kind === 'tampered') return finish(this.#tampered(reply))
        clearInterval(timer)
        this.#worker.off('message', finish).off('exit', onExit)
        resolve(reply)
      }
      const onExit = () =>
        finish({ kind: 'ended', mark: readMarker(this.#cells), ending, message: this.#message })
      this.#worker.on('message', finish).on('exit', onExit)
    })
  }
}

/** One worker thread as the main thread sees it: started, given jobs, watched, ended. */
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { WORKER_ENTRY } from '../../installed-files.ts'
import type { PackageSet } from '../../model/project/packages.ts'
import {
  type Answer,
  type Filled,
  type FromWorker,
  type Job,
  type LoadOrder,
  MARK_CELLS,
  type Mark,
  readMark,
  type WorkerSetup,
} from '../protocol/messages.ts'
import type { Ending } from '../protocol/terminated-call.ts'
import { THREAD_STACK_MIB } from '../stack-sizes.ts'
import { type AskCache, CacheAnswers } from './cache-server.ts'
import type { StartState } from './start-state.ts'
import { keepWasmCode } from './wasm-code.ts'
import { LOOK_EVERY_MS, Watchdog } from './watchdog.ts'
import { WorkerCoreTime } from './worker-core-time.ts'

export interface Done extends Answer {
  readonly kind: 'done'
}
export interface Ready extends Filled {
  readonly kind: 'ready'
  readonly evaluator: Evaluator
}
/** The worker is gone; the mark says where it was. */
export interface Ended {
  readonly kind: 'ended'
  readonly mark: Mark
  readonly ending: Ending
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
const MOST_GROWTH_BYTES = 64 * 1024 * 1024
const NOBODY = { body: -1, item: 0 }

export class Evaluator {
  readonly #worker: Worker
  readonly #coreTime: WorkerCoreTime
  readonly #cells: Int32Array
  #timeMs = Number.POSITIVE_INFINITY
  #gone = false
  #ended: Promise<number> | undefined
  #message = ''
  #readyBytes = 0
  #heapBytes = 0
  readonly #cache = new CacheAnswers()

  /** Boots at once; nothing of any project is known to it yet, but perhaps its packages. */
  constructor(from: StartState, packages: PackageSet | null = null) {
    const mark = new SharedArrayBuffer(MARK_CELLS * Int32Array.BYTES_PER_ELEMENT)
    this.#cells = new Int32Array(mark).fill(-1)
    keepWasmCode()
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
    return this.#heapBytes - this.#readyBytes > MOST_GROWTH_BYTES
  }

  async load(order: LoadOrder, signal: AbortSignal): Promise<Ready | Ended> {
    this.#timeMs = order.settings.limits.timeMs
    const stop = () => void this.stop()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.#worker.ref()
    this.#worker.postMessage(order)
    const reply = await this.#reply('load')
    signal.removeEventListener('abort', stop)
    if (reply.kind !== 'ready') return reply as Ended
    this.#readyBytes = reply.heapBytes
    return { ...reply, evaluator: this }
  }

  /** False once it has ended or is about to. */
  get usable(): boolean {
    return !this.#gone
  }

  async run(job: Job): Promise<Done | Ended> {
    this.#worker.postMessage(job)
    const reply = await this.#reply('run')
    if (reply.kind !== 'told') return reply as Ended
    this.#heapBytes = reply.heapBytes
    return { kind: 'done', ...(JSON.parse(reply.answer) as Answer) }
  }

  /** Ends it, once however often it is asked to. */
  async stop(): Promise<void> {
    this.#gone = true
    this.#ended ??= this.#worker.terminate()
    await this.#ended
  }

  /** It still runs, but nothing of it can be believed. */
  #tampered({ what, culprit }: Extract<FromWorker, { kind: 'tampered' }>): Ended {
    void this.stop()
    const mark = { serial: 0, function: 0, isExact: true, ...(culprit ?? NOBODY) }
    return { kind: 'ended', mark, ending: 'tampering', message: what }
  }

  #reply(during: 'load' | 'run'): Promise<FromWorker | Ended> {
    return new Promise((resolve) => {
      if (this.#gone)
        return resolve({
          kind: 'ended',
          mark: readMark(this.#cells),
          ending: 'crash',
          message: this.#message,
        })
      const watchdog = new Watchdog(this.#timeMs, during)
      let ending: Ending = 'crash'
      const timer = setInterval(() => {
        if (this.#cache.isAwaited) return watchdog.rest()
        if (!watchdog.stalled(readMark(this.#cells), performance.now(), this.#coreTime.look())) return
        ending = 'time'
        void this.stop()
      }, LOOK_EVERY_MS)
      const finish = (reply: FromWorker | Ended) => {
        if (reply.kind === 'booted') return
        if (reply.kind === 'tampered') return finish(this.#tampered(reply))
        clearInterval(timer)
        this.#worker.off('message', finish).off('exit', onExit)
        resolve(reply)
      }
      const onExit = () =>
        finish({ kind: 'ended', mark: readMark(this.#cells), ending, message: this.#message })
      this.#worker.on('message', finish).on('exit', onExit)
    })
  }
}

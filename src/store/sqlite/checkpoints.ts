/**
 * Runs checkpoints of the write-ahead log on a thread, which starts with the first one. Most of the log is copied into the
 * database while others write. Then the writes wait until the rest is copied and the log begins again at its start:
 * otherwise a log to which is always written would grow without end. The event loop waits for nothing.
 */
import { Worker } from 'node:worker_threads'
import { CHECKPOINT_ENTRY } from '../../installed-files.ts'
import type { CheckpointReply, CheckpointRequest } from './checkpoint-thread.ts'
import { isDiskFailure } from './sqlite-failure.ts'

/** A checkpoint begins when the log has so many pages (16 MB). */
const CHECKPOINT_PAGES = 4_000
/** The thread has one connection and keeps no data. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 }

interface CheckpointOptions {
  readonly path: string
  /** Returns how many pages the log holds. */
  readonly journalPages: () => number
  /** Runs a task while nothing is written. */
  readonly holdWrites: (task: () => Promise<void>) => Promise<void>
  /** Throws if the store was lost. */
  readonly check: () => void
  /** It is called if the disk failed, so that it is unknown what is in the database. */
  readonly onDiskFailure: (cause: unknown) => void
  readonly checkpointPages?: number | undefined
}

export class Checkpoints {
  readonly #options: CheckpointOptions
  readonly #stepPages: number
  #nextPages: number
  #thread: Worker | null = null
  #running: Promise<void> | null = null

  constructor(options: CheckpointOptions) {
    this.#options = options
    this.#stepPages = options.checkpointPages ?? CHECKPOINT_PAGES
    this.#nextPages = this.#stepPages
  }

  /** It must be called after each write. */
  considerStart(): void {
    if (this.#running !== null || this.#options.journalPages() < this.#nextPages) return
    this.#running = this.#checkpoint().finally(() => {
      this.#running = null
    })
  }

  /** Resolves when the thread has ended. */
  async close(): Promise<void> {
    await this.#running
    await this.#thread?.terminate()
  }

  async #checkpoint(): Promise<void> {
    const { holdWrites, journalPages } = this.#options
    let isComplete = await this.#request('copy')
    if (isComplete) {
      await holdWrites(async () => {
        isComplete = await this.#request('restart')
      })
    }
    // A reader in another process can keep the log from beginning again, and so can a failure.
    this.#nextPages = isComplete ? this.#stepPages : journalPages() + this.#stepPages
  }

  /** Resolves with whether the whole log was copied. Never rejects: the log keeps what was not copied. */
  async #request(request: CheckpointRequest): Promise<boolean> {
    try {
      this.#options.check()
      this.#thread ??= this.#start()
      const { isComplete, failure } = await reply(this.#thread, request)
      if (failure !== null && isDiskFailure(failure.errcode)) this.#options.onDiskFailure(failure.message)
      return isComplete
    } catch {
      return false
    }
  }

  #start(): Worker {
    const { path } = this.#options
    const thread = new Worker(CHECKPOINT_ENTRY, {
      workerData: { path },
      env: {},
      resourceLimits: RESOURCE_LIMITS,
    })
    thread.unref()
    thread.on('error', () => {})
    thread.on('exit', () => {
      this.#thread = null
    })
    return thread
  }
}

/** The process does not end while a checkpoint runs. */
async function reply(thread: Worker, request: CheckpointRequest): Promise<CheckpointReply> {
  const answered = Promise.withResolvers<CheckpointReply>()
  const onExit = () => answered.resolve({ isComplete: false, failure: null })
  thread.once('message', answered.resolve).once('exit', onExit)
  thread.ref()
  thread.postMessage(request)
  const answer = await answered.promise
  thread.off('message', answered.resolve).off('exit', onExit)
  thread.unref()
  return answer
}

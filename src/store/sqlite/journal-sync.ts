/**
 * Syncs the write-ahead log of SQLite on a thread of Node's pool, so that no commit blocks the event loop for the disk.
 *
 * A commit appends to the log without a sync, and its caller is answered when a sync that began after it has ended. The
 * log is valid up to its last complete transaction, so a power cut can lose only commits that were not answered. At most
 * one sync runs. What is written meanwhile waits for the next one together: the slower the disk, the more share a sync.
 */
import { UserError } from '../../errors.ts'

interface JournalSyncOptions {
  readonly location: string
  /** Resolves when everything that was written before the call is on disk. */
  readonly sync: () => Promise<void>
  readonly onFailure: (reason: string) => void
}

export class JournalSync {
  readonly #options: JournalSyncOptions
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  #failure: UserError | null = null

  constructor(options: JournalSyncOptions) {
    this.#options = options
  }

  /** Resolves when everything that was written before the call is on disk. */
  request(): Promise<void> {
    if (this.#running === null) return this.#start()
    this.#next ??= this.#running.then(() => this.#start())
    this.#next.catch(() => {})
    return this.#next
  }

  /** Resolves when everything is on disk for which a sync was requested. */
  get pending(): Promise<void> {
    return this.#next ?? this.#running ?? Promise.resolve()
  }

  /**
   * Throws once a sync has failed. The system may drop what it could not write and report the next sync as successful, so
   * from then on it is unknown which commits are on disk.
   */
  check(): void {
    if (this.#failure !== null) throw this.#failure
  }

  #start(): Promise<void> {
    this.#next = null
    const running = this.#options.sync().then(
      () => {
        if (this.#next === null) this.#running = null
      },
      (cause: unknown) => {
        throw this.fail(cause)
      },
    )
    this.#running = running
    running.catch(() => {})
    return running
  }

  /** The disk failed. Returns the reason for which nothing is written any more. */
  fail(cause: unknown): UserError {
    const { location, onFailure } = this.#options
    const isFirst = this.#failure === null
    this.#failure ??= new UserError(`the store ${location} was lost: the disk failed to sync its journal`, {
      code: 'lost-store',
      hint: 'check the disk, then start again: what was not acknowledged comes again',
      cause,
    })
    if (isFirst) onFailure(this.#failure.message)
    return this.#failure
  }
}

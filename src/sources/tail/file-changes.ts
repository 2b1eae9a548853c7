/** Reports when a file may have changed: by notifications of the system, and by a slow poll, because these get lost. */
import { watch } from 'chokidar'
import type { Clock, Log } from '../../model/ports.ts'

const POLL_INTERVAL_MS = 1000

export class FileChanges {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #watcher: ReturnType<typeof watch>
  #pending = false
  #wake: () => void = () => {}

  constructor(path: string, clock: Clock, signal: AbortSignal, log: Log) {
    this.#clock = clock
    this.#signal = signal
    this.#watcher = watch(path, { ignoreInitial: true })
    this.#watcher.on('all', () => this.#notify())
    this.#watcher.on('error', (error) => {
      log.debug({ error }, 'no notifications of file changes: using the poll only')
    })
  }

  /** Resolves when something may have changed since the last call, or at the abort. */
  async next(): Promise<void> {
    if (!this.#pending) {
      const poll = new AbortController()
      const notified = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([
        notified,
        this.#clock.sleep(POLL_INTERVAL_MS, AbortSignal.any([this.#signal, poll.signal])),
      ])
      poll.abort()
    }
    this.#pending = false
  }

  async close(): Promise<void> {
    await this.#watcher.close()
  }

  #notify(): void {
    this.#pending = true
    this.#wake()
  }
}

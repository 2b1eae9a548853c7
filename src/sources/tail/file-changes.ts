/** Says when a file may have changed: on notice of the system, and on a slow poll, because notices get lost. */
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
      log.debug({ error }, 'no notices of file changes: relying on the poll')
    })
  }

  /** Resolves when something may have changed since the last call, or at the abort. */
  async next(): Promise<void> {
    if (!this.#pending) {
      const poll = new AbortController()
      const rung = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([
        rung,
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

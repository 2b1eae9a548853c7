/** Extends the leases that this daemon holds. What could not be extended in time is aborted before its lease ends. */
import { messageOf } from '../../errors.ts'
import type { Clock, Log } from '../../model/ports.ts'
import type { PartitionExtension, Store } from '../../store/store.ts'

/** Two extensions can fail before the reader must end, which is before the lease ends. */
const EXTENSIONS_OF_LEASE = 4

export interface KeptLease {
  readonly extension: PartitionExtension
  abort(): void
  /** Another member has the partition. */
  lose(): void
}

interface LeaseKeeperParts {
  readonly store: Pick<Store, 'extendPartitions'>
  readonly clock: Clock
  readonly log: Log
  /** A partition of a daemon that was killed is free after this time. */
  readonly leaseMs: number
  /** Returns milliseconds that the system's clock does not change. */
  readonly monotonic: () => number
}

export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts
  /** The end of each lease, which the monotonic clock measures. */
  readonly #ends = new Map<KeptLease, number>()
  /** Ends the extensions; null while there are no leases. */
  #running: AbortController | null = null

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts
  }

  /** @param since the time before the lease was claimed. */
  add(kept: KeptLease, since: number): void {
    this.#ends.set(kept, since + this.#parts.leaseMs)
    this.#running ??= this.#start()
  }

  remove(kept: KeptLease): void {
    this.#ends.delete(kept)
    if (this.#ends.size > 0) return
    this.#running?.abort()
    this.#running = null
  }

  #start(): AbortController {
    const running = new AbortController()
    void this.#run(running.signal)
    return running
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, monotonic, leaseMs } = this.#parts
    const intervalMs = leaseMs / EXTENSIONS_OF_LEASE
    for (;;) {
      await clock.sleep(intervalMs, signal)
      if (signal.aborted) return
      for (const [kept, end] of this.#ends) {
        if (end - monotonic() <= intervalMs) kept.abort()
      }
      // A store that does not answer must not keep the next check from being made.
      void this.#extend()
    }
  }

  async #extend(): Promise<void> {
    const { store, log, monotonic, leaseMs } = this.#parts
    const asked = [...this.#ends.keys()]
    if (asked.length === 0) return
    const end = monotonic() + leaseMs
    try {
      const extended = await store.extendPartitions(
        asked.map(({ extension }) => extension),
        leaseMs,
      )
      for (const [i, kept] of asked.entries()) {
        if (!this.#ends.has(kept)) continue
        if (extended[i]) this.#ends.set(kept, end)
        else kept.lose()
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the leases could not be extended')
    }
  }
}

/**
 * Holds the cursor of a source that resumes. In a shared store it is held under a lease: daemons of one host that follow the
 * same file, for example while a new one replaces an old one, have it one after the other instead of taking it from each other.
 */
import { messageOf } from '../../errors.ts'
import type { Clock, Log } from '../../model/ports.ts'
import type { HeldCursor, Store } from '../../store/store.ts'

/** The source of a daemon that was killed is free after this time. */
const LEASE_MS = 10_000
const EXTENSION_INTERVAL_MS = LEASE_MS / 4
const CLAIM_INTERVAL_MS = 1_000

export interface CursorHolder {
  /**
   * Makes the next run the owner of the cursor. While another daemon has it, `onWaiting` is called and the call waits.
   * Resolves with null after the abort.
   */
  take(onWaiting: () => void): Promise<HeldCursor | null>
  /** Lets other daemons have it. */
  release(): Promise<void>
}

export interface CursorHolderPorts {
  readonly store: Pick<
    Store,
    'isShared' | 'take' | 'claimPartitions' | 'extendPartitions' | 'giveBackPartitions'
  >
  readonly clock: Clock
  readonly log: Log
  /** The name of this daemon, for people. */
  readonly member: string
  readonly signal: AbortSignal
}

export function createCursorHolder(source: string, ports: CursorHolderPorts): CursorHolder {
  if (ports.store.isShared) return new LeasedCursor(source, ports)
  return { take: () => ports.store.take(source), release: async () => {} }
}

class LeasedCursor implements CursorHolder {
  readonly #source: string
  readonly #ports: CursorHolderPorts
  #held: HeldCursor | null = null
  #extending = new AbortController()

  constructor(source: string, ports: CursorHolderPorts) {
    this.#source = source
    this.#ports = ports
  }

  async take(onWaiting: () => void): Promise<HeldCursor | null> {
    const { store, clock, log, member, signal } = this.#ports
    await this.release()
    let isWaiting = false
    while (!signal.aborted) {
      const claim = { sources: [this.#source], limit: 1, leaseMs: LEASE_MS, member }
      const [held] = await store.claimPartitions(claim)
      if (held) {
        this.#held = held
        this.#extending = new AbortController()
        void this.#extend(held, this.#extending.signal)
        return held
      }
      if (!isWaiting) log.info({ source: this.#source }, 'another daemon reads the source; waiting for it')
      isWaiting = true
      onWaiting()
      await clock.sleep(CLAIM_INTERVAL_MS, signal)
    }
    return null
  }

  async release(): Promise<void> {
    const held = this.#held
    this.#extending.abort()
    this.#held = null
    if (held !== null) await this.#ports.store.giveBackPartitions([held])
  }

  /** If it fails, the lease runs out, and the commits of the run are fenced once another daemon has the cursor. */
  async #extend(held: HeldCursor, signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#ports
    for (;;) {
      await clock.sleep(EXTENSION_INTERVAL_MS, signal)
      if (signal.aborted) return
      await store
        .extendPartitions([{ ...held, problem: null, lag: null }], LEASE_MS)
        .catch((error: unknown) => {
          log.warn({ source: this.#source, error: messageOf(error) }, 'the lease could not be extended')
        })
    }
  }
}

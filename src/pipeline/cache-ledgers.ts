/**
 * The ledgers of a daemon. In a shared store each run of a source has its own: a batch that must be evaluated again holds
 * up no other run, and what an earlier run still evaluates, after another daemon has taken its source, is never committed.
 * In a store of one daemon no item is changed by another writer, so all sources use the same.
 */
import type { JsonText } from '../core/exact-json.ts'
import type { CacheRequest, DetectionCache } from '../model/events/detection-cache.ts'
import type { Envelope } from '../model/events/event.ts'
import { CacheLedger, type CacheStore } from './cache-ledger.ts'

const ALL_RUNS = ''

type RunOfEvent = Pick<Envelope, 'source' | 'run'>

export class CacheLedgers implements DetectionCache {
  readonly #store: CacheStore
  readonly #now: () => number
  readonly #ledgers = new Map<string, CacheLedger>()

  constructor(store: CacheStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  async request(request: CacheRequest): Promise<JsonText> {
    const name = this.#nameOf(request.event)
    const ledger = this.#ledgers.get(name) ?? new CacheLedger(this.#store, this.#now)
    this.#ledgers.set(name, ledger)
    return ledger.request(request)
  }

  /** The ledger of the run of an event; null if no event that has asked is under way. */
  ledgerOf(event: RunOfEvent): CacheLedger | null {
    return this.#ledgers.get(this.#nameOf(event)) ?? null
  }

  /** Removes the ledger of a run if no event that has asked is under way, or the run has ended. */
  release(event: RunOfEvent, hasEnded: boolean): void {
    const name = this.#nameOf(event)
    if (this.#store.isShared && (hasEnded || this.#ledgers.get(name)?.isIdle)) this.#ledgers.delete(name)
  }

  #nameOf({ source, run = '' }: RunOfEvent): string {
    return this.#store.isShared ? JSON.stringify([source, run]) : ALL_RUNS
  }
}

/**
 * Leases on items of the caching helpers. A batch whose items were changed by another one takes them before its events are
 * evaluated again, so that its next commit succeeds however many others change the same items.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EMPTY_PLAN, type KvWrite, NO_VERSION, NOTHING_EXPECTED, type Store } from '../store/store.ts'

/** A daemon that was killed keeps the others from the items for so long. */
const LEASE_MS = 10_000
/** After this the batch is evaluated without a lease, and its commit can be in conflict again. */
const MAX_WAIT_MS = 30_000
const MAX_POLL_MS = 20

export class CacheLeases {
  readonly #store: Pick<Store, 'kv' | 'commit'>
  readonly #now: () => number
  /** The version of each lease that is held, by its key. */
  readonly #held = new Map<string, string>()

  constructor(store: Pick<Store, 'kv' | 'commit'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** What the commit of these items must find: no lease but its own. */
  expected(itemKeys: readonly string[]): [key: string, version: string][] {
    const keys = new Set([...itemKeys.map(leaseKey), ...this.#held.keys()])
    return [...keys].map((key) => [key, this.#held.get(key) ?? NO_VERSION])
  }

  /** The commit ends the leases. */
  ends(): KvWrite[] {
    return [...this.#held.keys()].map(removal)
  }

  ended(): void {
    this.#held.clear()
  }

  /** Waits until no other batch has a lease on the items, and takes them. */
  async take(itemKeys: readonly string[]): Promise<void> {
    const keys = [...new Set([...itemKeys.map(leaseKey), ...this.#held.keys()])]
    const until = performance.now() + MAX_WAIT_MS
    while (!(await this.#tryTake(keys)) && performance.now() < until) await sleep(Math.random() * MAX_POLL_MS)
  }

  /** All of them, or none: two batches that each held a part would wait for each other. */
  async #tryTake(keys: readonly string[]): Promise<boolean> {
    const present = await this.#store.kv(keys)
    const versionOf = (key: string) => present.get(key)?.version ?? NO_VERSION
    const isFree = keys.every((key) => [NO_VERSION, this.#held.get(key)].includes(versionOf(key)))
    if (!isFree) {
      await this.release()
      return false
    }
    const version = crypto.randomUUID()
    const expiresAt = this.#now() + LEASE_MS
    const kv = keys.map((key) => ({ key, value: 'true', expiresAt, version }))
    const items = new Map(keys.map((key) => [key, versionOf(key)]))
    const answer = await this.#store.commit({ ...EMPTY_PLAN, kv }, { ...NOTHING_EXPECTED, items })
    if (answer !== 'ok') return false
    for (const key of keys) this.#held.set(key, version)
    return true
  }

  /** Ends all leases that are held. */
  async release(): Promise<void> {
    if (this.#held.size === 0) return
    const items = new Map(this.#held)
    const kv = this.ends()
    this.#held.clear()
    // A lease that has run out can belong to another batch by now.
    await this.#store.commit({ ...EMPTY_PLAN, kv }, { ...NOTHING_EXPECTED, items })
  }
}

function leaseKey(itemKey: string): string {
  return `cache-lease:${itemKey}`
}

function removal(key: string): KvWrite {
  return { key, value: null, expiresAt: null }
}

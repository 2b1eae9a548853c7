/** Items of the caching helpers in memory: those that the store does not have yet, and the most recent others. */
import type { JsonText } from '../core/exact-json.ts'
import { NO_VERSION } from '../store/store.ts'

export interface CacheItem {
  readonly item: JsonText
  readonly expiresAt: number | null
  /** The version that the helpers compare. */
  readonly version: string
  /** The version in the store from which the item was changed. */
  readonly base: string
}

export const NO_ITEM = '{}'

/** The limits apply to items that the store has. */
const MAX_ITEMS = 20_000
const MAX_CHARS = 32 * 1024 * 1024

export class CacheItems {
  readonly #items = new Map<string, CacheItem>()
  readonly #unstored = new Set<string>()
  #chars = 0

  get(key: string): CacheItem | undefined {
    return this.#items.get(key)
  }

  /** Adds an item as the store has it. */
  enter(key: string, item: CacheItem): void {
    this.#chars += item.item.length - (this.#items.get(key)?.item.length ?? 0)
    this.#items.set(key, item)
  }

  /** Changes an item, which is not stored yet. */
  change(key: string, item: CacheItem): void {
    this.enter(key, item)
    this.#unstored.add(key)
  }

  unstored(): [key: string, item: CacheItem][] {
    return [...this.#unstored].map((key) => [key, this.#items.get(key)!])
  }

  /** The store has these items now, under this version. Those that were changed again meanwhile are not stored yet. */
  stored(items: readonly (readonly [key: string, item: CacheItem])[], version: string): void {
    for (const [key, item] of items) {
      const present = this.#items.get(key)!
      this.#items.set(key, { ...present, base: item.item === NO_ITEM ? NO_VERSION : version })
      if (present === item) this.#unstored.delete(key)
    }
  }

  /** Removes the oldest stored items beyond the limits. A map is ordered by insertion. */
  forgetOldest(): void {
    this.#forgetStored(() => this.#items.size <= MAX_ITEMS && this.#chars <= MAX_CHARS)
  }

  /** Removes all stored items, which another daemon can change. */
  forgetStored(): void {
    this.#forgetStored(() => false)
  }

  clear(): void {
    this.#items.clear()
    this.#unstored.clear()
    this.#chars = 0
  }

  #forgetStored(isEnough: () => boolean): void {
    for (const [key, { item }] of this.#items) {
      if (isEnough()) return
      if (this.#unstored.has(key)) continue
      this.#items.delete(key)
      this.#chars -= item.length
    }
  }
}

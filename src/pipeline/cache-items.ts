/** Items of the caching helpers in memory: those that the store does not have yet, and the most recent others. */
import type { JsonText } from '../core/exact-json.ts'

export interface CacheItem {
  readonly item: JsonText
  readonly expiresAt: number | null
  readonly version: string
}

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

  /** Marks items as stored, unless they were changed again meanwhile. */
  stored(items: readonly (readonly [key: string, item: CacheItem])[]): void {
    for (const [key, item] of items) if (this.#items.get(key) === item) this.#unstored.delete(key)
  }

  /** Removes the oldest stored items beyond the limits. A map is ordered by insertion. */
  forgetOldest(): void {
    for (const [key, { item }] of this.#items) {
      if (this.#items.size <= MAX_ITEMS && this.#chars <= MAX_CHARS) return
      if (this.#unstored.has(key)) continue
      this.#items.delete(key)
      this.#chars -= item.length
    }
  }
}

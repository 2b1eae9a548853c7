/** Counts in the cache as the helpers do: read, add, write if the item has not changed. */
import type { CacheEvent, DetectionCache } from '../../src/model/events/detection-cache.ts'

interface Asking {
  readonly trustGroup?: string
  readonly detection?: string
  readonly key?: string
}

/** Resolves with the new count. Each call starts from the first question and ends after `until` questions. */
export async function incrementCounter(
  cache: DetectionCache,
  event: CacheEvent,
  { key = 'k', ...asking }: Asking = {},
  until = Number.POSITIVE_INFINITY,
): Promise<number> {
  const about = { event, trustGroup: 'default', detection: 'd', ...asking }
  for (let n = 1; n <= until; n += 2) {
    const [item, version] = JSON.parse(
      await cache.request({ ...about, operationId: `0/${n}`, operation: { kind: 'read', key } }),
    ) as [{ count?: number }, string]
    const count = (item.count ?? 0) + 1
    if (n + 1 > until) return count
    const write = {
      kind: 'write',
      key,
      item: JSON.stringify({ count }),
      expiresAt: null,
      version,
    } as const
    if ((await cache.request({ ...about, operationId: `0/${n + 1}`, operation: write })) === 'true')
      return count
  }
  throw new Error('the helper asked no more questions')
}

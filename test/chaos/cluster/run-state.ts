/** Reads from the store what the daemons have counted, as a command does, even while they run. */
import { systemClock } from '../../../src/model/ports.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'

export function openForReading(url: string): Promise<Store> {
  return openStore(url, { clock: systemClock, projectRoot: '/', readOnly: true })
}

const ALL = 100_000_000

export async function storedState(store: Store, counters: Iterable<string>) {
  const names = [...counters]
  const items = await store.kv(names.map(storedKey))
  return {
    alerts: await store.alerts({ limit: ALL }),
    deliveries: await store.deliveries({ limit: ALL }),
    counters: new Map(names.map((name) => [name, countOf(items.get(storedKey(name))?.value)])),
  }
}

/** The key of an item of the caching helpers: the trust group of the detection is a part of it. */
function storedKey(name: string): string {
  return `cache-item:${JSON.stringify(['default', name])}`
}

function countOf(item: string | undefined): number {
  return item === undefined ? 0 : ((JSON.parse(item) as { intCount?: number }).intCount ?? 0)
}

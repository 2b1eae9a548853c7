/** When a hook last had a request with a valid signature, for `doctor`. */
import type { HookName } from '../../model/project/hook-settings.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../store/store.ts'

/** A busy hook writes no row for each request. */
export const LAST_REQUEST_INTERVAL_MS = 60_000

export async function recordRequest(store: Pick<Store, 'commit' | 'now'>, hook: HookName): Promise<void> {
  const item = { key: keyOf(hook), value: JSON.stringify(store.now()), expiresAt: null }
  await store.commit({ ...EMPTY_PLAN, kv: [item] }, NOTHING_EXPECTED)
}

/** Epoch ms; null: there was none. */
export async function lastRequestAt(store: Pick<Store, 'kv'>, hook: HookName): Promise<number | null> {
  const item = (await store.kv([keyOf(hook)])).get(keyOf(hook))
  return item === undefined ? null : (JSON.parse(item.value) as number)
}

function keyOf(hook: HookName): string {
  return `hook:${hook}:last-request`
}

/** Finds an alert in the store by its id or the first characters of it. */
import type { AlertRow, Store } from '../../../store/store.ts'
import { resolveId } from '../../command/ids.ts'

/** An abbreviated id is searched among this number of the newest alerts. */
export const MAX_ROWS_SEARCHED = 10_000

/** Rejects with a UserError if no alert or more than one begins with the text. */
export async function findAlert(store: Pick<Store, 'alert' | 'alerts'>, id: string): Promise<AlertRow> {
  const exact = await store.alert(id)
  if (exact) return exact
  const newest = await store.alerts({ limit: MAX_ROWS_SEARCHED })
  const wanted = resolveId(
    id,
    newest.map((alert) => alert.id),
    'alert',
  )
  return newest.find((alert) => alert.id === wanted)!
}

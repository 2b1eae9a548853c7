/** Changes the state row of a destination by compare-and-set, so that several daemons agree. */
import { Bug } from '../../errors.ts'
import type { DestinationState, Store } from '../../store/store.ts'

const MAX_COMMIT_TRIES = 10

/** Applies a pure change and returns the state before and after. The change may run more than once. */
export async function updateDestinationState(
  store: Pick<Store, 'destinationState' | 'setDestinationState'>,
  key: string,
  change: (state: DestinationState) => DestinationState,
): Promise<{ before: DestinationState; after: DestinationState }> {
  for (let n = 0; n < MAX_COMMIT_TRIES; n++) {
    const { value: before, version } = await store.destinationState(key)
    const after = change(before)
    if (after === before || (await store.setDestinationState(key, after, version))) return { before, after }
  }
  throw new Bug(`the state of destination ${key} changes faster than it can be written`)
}

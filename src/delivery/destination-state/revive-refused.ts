/** Brings back what died of the cause for which a destination is paused: it waits for the end of the pause instead. */
import { destinationKey, type Registry } from '../../model/project/destination.ts'
import { type DestinationState, type Store, SYSTEM_ACT } from '../../store/store.ts'
import { refusedBeforePause } from './refusal-streak.ts'

export async function reviveRefused(store: Pick<Store, 'retry'>, state: DestinationState): Promise<void> {
  const ids = refusedBeforePause(state)
  if (ids.length > 0) await store.retry({ ids, states: ['dead'] }, SYSTEM_ACT)
}

/** A daemon that ended between the pause and the change of the deliveries left them dead. */
export async function reviveAllRefused(
  store: Pick<Store, 'retry' | 'destinationState'>,
  { destinations }: Registry,
): Promise<void> {
  for (const destination of destinations) {
    const { value } = await store.destinationState(destinationKey(destination))
    await reviveRefused(store, value)
  }
}

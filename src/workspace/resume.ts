/** Has a paused destination tried at once, beside a running daemon; the daemon's probe then ends the pause, or does not. */
import { changeState } from '../delivery/states.ts'
import { type Destination, destinationKey } from '../model/destination.ts'
import type { DestinationState, Store } from '../store/store.ts'

/** The state after it; `pausedAt` null: it was not paused. */
export async function resumeDestination(
  store: Pick<Store, 'destinationState' | 'setDestinationState'>,
  destination: Destination,
  now: number,
): Promise<DestinationState> {
  const { after } = await changeState(store, destinationKey(destination), (state) =>
    state.pausedAt === null ? state : { ...state, probeAt: now },
  )
  return after
}

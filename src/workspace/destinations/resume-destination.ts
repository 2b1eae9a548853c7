/** Makes the running daemon retry a paused or held destination at once; the next attempt decides its state. */
import { type Destination, destinationKey } from '../../model/project/destination.ts'
import { type DestinationState, MAX_PROVIDER_HOLD_MS, type Store } from '../../store/store.ts'
import { auditedAct } from '../alerts/audited-act.ts'
import type { Actor } from '../alerts/change-alert.ts'

/** Returns the state before the change. */
export async function resumeDestination(
  store: Pick<Store, 'changeDestinationState'>,
  destination: Destination,
  actor: Actor,
  now: number,
): Promise<DestinationState> {
  const id = destinationKey(destination)
  const change = (state: DestinationState) => {
    if (state.pausedAt !== null) return { ...state, probeAt: now }
    return isHeld(state, now) ? { ...state, heldUntil: null } : state
  }
  const { before } = await store.changeDestinationState(id, change, (states) =>
    auditedAct(actor, now, {
      verb: 'resumed',
      subject: { kind: 'destination', id },
      before: states.before.pausedReason,
    }),
  )
  return before
}

/** A destination is held after an order of its provider to wait, or after repeated failures. */
export function isHeld({ heldUntil }: DestinationState, now: number): boolean {
  if (heldUntil === null || heldUntil === undefined) return false
  // Delivery does not wait for a time that only a clock that was ahead can have set.
  return heldUntil > now && heldUntil - now <= MAX_PROVIDER_HOLD_MS
}

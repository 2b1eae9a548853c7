/**
 * Holds a destination: for as long as its provider ordered, and, if it keeps failing, for a doubling time, after which
 * one delivery is tried. Pure.
 */
import { type DestinationState, FAILURE_THRESHOLD } from '../../store/store.ts'
import { onOrderedWait } from './throttle.ts'

const INITIAL_HOLD_MS = 1_000
const MAX_HOLD_MS = 60_000

/** While the breaker is open, one delivery at a time is tried whenever the destination is not held. */
export function isOpen({ failures }: Pick<DestinationState, 'failures'>): boolean {
  return failures >= FAILURE_THRESHOLD
}

/** A wait that the provider orders holds all deliveries and does not count as a failure. */
export function onFailure(
  state: DestinationState,
  retryAfterMs: number | null,
  now: number,
): DestinationState {
  if (retryAfterMs !== null) {
    const isHeld = now < (state.heldUntil ?? 0)
    return {
      ...state,
      heldUntil: Math.max(state.heldUntil ?? 0, now + retryAfterMs),
      throttle: isHeld && state.throttle ? state.throttle : onOrderedWait(state, retryAfterMs, now),
    }
  }
  const failures = state.failures + 1
  if (!isOpen({ failures })) return { ...state, failures }
  const heldUntil = now + Math.min(MAX_HOLD_MS, INITIAL_HOLD_MS * 2 ** (failures - FAILURE_THRESHOLD))
  return { ...state, failures, heldUntil: Math.max(state.heldUntil ?? 0, heldUntil) }
}

/** A response that refuses one delivery is a success, too: the destination works. */
export function onSuccess(state: DestinationState): DestinationState {
  if (state.failures === 0) return state
  return { ...state, failures: 0, heldUntil: isOpen(state) ? null : (state.heldUntil ?? null) }
}

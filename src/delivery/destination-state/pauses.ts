/** Pauses of a destination: their beginning, their end, and what they mean for the age of deliveries. Pure. */
import { type DestinationState, PROBE_INTERVAL_MS } from '../../store/store.ts'

const MAX_PAUSES = 50

export function pause(state: DestinationState, reason: string, now: number): DestinationState {
  const pausedAt = state.pausedAt ?? now
  return { ...state, pausedAt, pausedReason: reason, probeAt: now + PROBE_INTERVAL_MS }
}

export function resume(state: DestinationState, now: number): DestinationState {
  const { pausedAt, pauses = [] } = state
  if (pausedAt === null) return state
  const ended = [...pauses, { from: pausedAt, to: now }].slice(-MAX_PAUSES)
  return { ...state, pausedAt: null, pausedReason: '', probeAt: null, pauses: ended }
}

/**
 * Milliseconds of pauses that a delivery's row does not include yet. While a destination is paused nothing is claimed,
 * so a row that was due before the pause ended has not changed since.
 */
export function pauseCreditMs(
  delivery: { readonly createdAt: number; readonly due: number },
  { pauses = [] }: Pick<DestinationState, 'pauses'>,
): number {
  return pauses
    .filter(({ to }) => delivery.due < to)
    .reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, delivery.createdAt)), 0)
}

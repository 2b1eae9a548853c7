/** The columns of a destination's state, which the functions of the schema read. */
import type { DestinationState } from '../store.ts'

export const DESTINATION_COLUMNS = [
  'paused_at',
  'probe_at',
  'failures',
  'held_until',
  'tokens',
  'tokens_at',
  'throttle_window',
  'throttle_per_minute',
  'throttle_from',
] as const

export function destinationColumns(
  state: DestinationState,
): Readonly<Record<(typeof DESTINATION_COLUMNS)[number], number | null>> {
  const { pausedAt, probeAt, failures, heldUntil = null, tokens, tokensAt, throttle } = state
  return {
    paused_at: pausedAt,
    probe_at: probeAt,
    failures,
    held_until: heldUntil,
    tokens,
    tokens_at: tokensAt,
    throttle_window: throttle?.window ?? null,
    throttle_per_minute: throttle?.perMinute ?? null,
    throttle_from: throttle?.from ?? null,
  }
}

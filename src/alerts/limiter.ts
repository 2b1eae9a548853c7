/** The alert limiter: a detection that creates too many alerts in an hour is muted until the operator unmutes it. Pure. */
import { ageMs } from '../core/age.ts'
import type { LimiterState } from '../store/store.ts'

export const ALERTS_PER_HOUR = 1_000
const HOUR_MS = 3_600_000

interface LimiterDecision {
  readonly state: LimiterState
  readonly allowed: boolean
  /** True for the one alert at which the detection became muted. */
  readonly mutedNow: boolean
}

/**
 * Decides whether the detection may create one more alert.
 * @param now the time at which the event was received.
 * @param present the time of the decision.
 */
export function decideLimit(
  state: LimiterState | undefined,
  detection: string,
  now: number,
  present: number = now,
): LimiterDecision {
  const current =
    state && (state.mutedAt !== null || ageMs(state.hourStartedAt, now, present) < HOUR_MS)
      ? state
      : { detection, hourStartedAt: now, created: 0, mutedAt: null }
  if (current.mutedAt !== null) return { state: current, allowed: false, mutedNow: false }
  if (current.created >= ALERTS_PER_HOUR) {
    return { state: { ...current, mutedAt: now }, allowed: false, mutedNow: true }
  }
  return { state: { ...current, created: current.created + 1 }, allowed: true, mutedNow: false }
}

/** The state after unmuting: a new hour begins. */
export function unmuted(state: LimiterState, now: number): LimiterState {
  return { ...state, hourStartedAt: now, created: 0, mutedAt: null }
}

/** The state of a destination after an attempt: paused, held or working. Pure. */
import type { DestinationState } from '../../store/store.ts'
import { onFailure, onSuccess } from './breaker.ts'
import { pause, resume } from './pauses.ts'
import { addRefusal, clearRefusals, isAlertFault, isSystematic, type Refusal } from './refusal-streak.ts'
import { onDelivered } from './throttle.ts'

export interface AttemptResult {
  readonly result: 'delivered' | 'retry' | 'refused'
  readonly message: string
  readonly scope?: 'delivery' | 'destination'
  readonly retryAfterMs?: number | null
  /** The answer was not the provider's. */
  readonly isForeign?: boolean
}

export interface AttemptContext {
  /** The detection of the alert. */
  readonly detection: string
  /** Present if the destination refused the alert, or something else answered. */
  readonly refusal: Refusal | null
  readonly isProbe: boolean
  /** The stop of the daemon ended the attempt. */
  readonly isInterrupted: boolean
  readonly now: number
}

export interface NextState {
  readonly state: DestinationState
  /** Who is at fault for a refusal, after what is known of the others. */
  readonly scope: 'delivery' | 'destination'
}

export function nextState(
  before: DestinationState,
  attempt: AttemptResult,
  context: AttemptContext,
): NextState {
  const { refusal, isProbe, isInterrupted, detection, now } = context
  const { result, message, scope = 'delivery', retryAfterMs = null } = attempt
  if (result === 'delivered') {
    // Only a probe ends a pause: any other send that succeeds now began before the pause.
    const accepted = onSuccess(clearRefusals(before, detection, now))
    const { throttle } = accepted
    const working = throttle ? { ...accepted, throttle: onDelivered(throttle, now) } : accepted
    return { state: isProbe ? resume(working, now) : working, scope }
  }
  const state = refusal ? addRefusal(before, refusal, now) : before
  const isKnownFault = refusal !== null && isAlertFault(before, refusal)
  if (result === 'refused' && scope === 'destination' && !isKnownFault) {
    return { state: pause(state, message, now), scope }
  }
  if (refusal && !isKnownFault && isSystematic(state, refusal, now)) {
    return { state: pause(state, message, now), scope: 'destination' }
  }
  if (result === 'retry') {
    return { state: isInterrupted ? before : onFailure(state, retryAfterMs, now), scope }
  }
  // An answer that refuses one alert shows that the destination works.
  return { state: isProbe ? resume(onSuccess(state), now) : onSuccess(state), scope: 'delivery' }
}

/** Detects a clock that was set back, so that waiting deliveries do not wait that much longer. */

import type { Log } from '../model/ports.ts'
import { destinationKey, type Registry } from '../model/project/destination.ts'
import type { DestinationState, Store } from '../store/store.ts'

/** Smaller steps are normal corrections of a clock. */
const MIN_STEP_MS = 1_000
/** For this time after a step, plans that were made before it can still be committed. */
const WATCH_PERIOD_MS = 60_000

interface ClockStepDetector {
  /** Shifts due dates and holds with the clock. It must be called before every pass. */
  check(registry: Registry, now: number): Promise<void>
}

export function createClockStepDetector(store: Store, log: Log): ClockStepDetector {
  let last: number | null = null
  let watchUntil = Number.NEGATIVE_INFINITY
  return {
    async check({ destinations }, now) {
      // The check runs at the start, too: the clock may have been set back while no daemon ran.
      const watched = last === null || now < watchUntil
      const backMs = last === null ? 0 : last - now
      last = now
      if (backMs < MIN_STEP_MS) return watched ? store.shiftDueDates(0) : undefined
      watchUntil = now + WATCH_PERIOD_MS
      log.warn({ backMs }, 'the clock was set back; shifting due dates with it')
      await store.shiftDueDates(backMs)
      for (const destination of destinations) {
        await store.changeDestinationState(destinationKey(destination), (state) => shiftBack(state, backMs))
      }
    },
  }
}

function shiftBack(state: DestinationState, ms: number): DestinationState {
  const { probeAt, heldUntil = null, tokensAt } = state
  if (probeAt === null && heldUntil === null && tokensAt === null) return state
  const shifted = (at: number | null) => (at === null ? null : at - ms)
  return { ...state, probeAt: shifted(probeAt), heldUntil: shifted(heldUntil), tokensAt: shifted(tokensAt) }
}

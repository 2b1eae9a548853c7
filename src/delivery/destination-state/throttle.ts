/**
 * Slows a destination down after its provider has ordered a wait: one delivery tries alone, then the number of requests
 * at once grows by one, and shrinks by half when the provider orders a wait again. From the second order on the rate is
 * known, and deliveries keep it: serial requests can be too fast, too. Pure.
 */
import { type DestinationState, isThrottleInForce } from '../../store/store.ts'

type Throttle = NonNullable<DestinationState['throttle']>

/** The rate grows by this part of the rate that the last order has shown, with each delivery. */
const GROWTH = 0.005
/** So many deliveries in a row at the known rate, and one more goes at once. */
const DELIVERIES_PER_STEP = 20
/** An order after deliveries leaves this part of the rate: a provider can order waits for reasons other than the rate. */
const MIN_REMAINING_RATE = 0.8
/** A slower rate would save a provider few requests, because each wait that it orders is kept, too. */
const MIN_PER_MINUTE = 6

/** `now` must not be within a wait that was ordered before: those orders are answers to the same requests. */
export function onOrderedWait(
  { throttle }: Pick<DestinationState, 'throttle'>,
  waitMs: number,
  now: number,
): Throttle {
  const from = now + waitMs
  if (!throttle || !isThrottleInForce(throttle, now)) {
    return { window: 1, perMinute: null, basePerMinute: null, delivered: 0, from }
  }
  const { window, perMinute, delivered } = throttle
  const elapsedMs = Math.max(1, from - throttle.from)
  const shown = delivered > 0 ? (delivered * 60_000) / elapsedMs : (perMinute ?? 60_000 / waitMs) / 2
  const remaining = delivered > 0 ? (perMinute ?? 0) * MIN_REMAINING_RATE : 0
  const base = Math.max(MIN_PER_MINUTE, remaining, Math.min(shown, perMinute ?? shown))
  return {
    window: Math.max(1, Math.floor(window / 2)),
    perMinute: base,
    basePerMinute: base,
    delivered: 0,
    from,
  }
}

/** Counts a delivery. While no rate is known, each one lets one more go at once. */
export function onDelivered(throttle: Throttle, now: number): Throttle | null {
  if (!isThrottleInForce(throttle, now)) return null
  const delivered = throttle.delivered + 1
  const { window, perMinute, basePerMinute } = throttle
  if (perMinute === null || basePerMinute === null) return { ...throttle, delivered, window: window + 1 }
  const isStep = delivered % DELIVERIES_PER_STEP === 0
  return {
    ...throttle,
    delivered,
    window: isStep ? window + 1 : window,
    perMinute: perMinute + basePerMinute * GROWTH,
  }
}

/**
 * Decides how many sends to a destination may start now, from its pause, breaker, rate and the sends of all daemons that
 * are under way. Pure. The function `send_permit` of PostgreSQL decides the same.
 */
import type { RateLimit } from '../../model/project/destination.ts'
import type { DestinationState, SendLimits } from './delivery-rows.ts'

export const PROBE_INTERVAL_MS = 5 * 60_000
export const MAX_PROVIDER_HOLD_MS = 60 * 60_000
/** So many failures in a row open the breaker. */
export const FAILURE_THRESHOLD = 5
/** Without an order to wait for this long, a destination is fast again. */
const THROTTLE_TTL_MS = 60 * 60_000

/** `maxSends` sends may start now, if fewer than `window` are under way. If it is 0, `retryAt` says when to decide again. */
export interface SendPermit {
  readonly maxSends: number
  /** The send may end a pause. */
  readonly isProbe: boolean
  /** The send may start only while no other send to the destination is under way. */
  readonly isHalfOpen: boolean
  readonly retryAt: number
  readonly window: number
}

export function sendPermit(state: DestinationState, configured: RateLimit | null, now: number): SendPermit {
  return { ...permitNow(state, configured, now), window: windowOf(state, now) }
}

/** @param underWay the number of sends of all daemons that are under way. */
export function allowedSends(
  { maxSends, isHalfOpen, window }: SendPermit,
  { concurrency }: Pick<SendLimits, 'concurrency'>,
  underWay: number,
): number {
  if (isHalfOpen && underWay > 0) return 0
  return Math.max(0, Math.min(maxSends, Math.min(concurrency, window) - underWay))
}

/** The state after `count` deliveries were claimed: the next probe is scheduled, or tokens are taken. */
export function afterClaim(
  state: DestinationState,
  { isProbe }: Pick<SendPermit, 'isProbe'>,
  { rateLimit }: Pick<SendLimits, 'rateLimit'>,
  { count, now }: { readonly count: number; readonly now: number },
): DestinationState {
  if (isProbe) return { ...state, probeAt: now + PROBE_INTERVAL_MS }
  const limit = effectiveLimit(state, rateLimit, now)
  if (!limit) return state
  return { ...state, tokens: refilled(state, limit, now) - count, tokensAt: now }
}

/** False if the provider has ordered no wait for an hour. A time further ahead comes from a clock that was set back. */
export function isThrottleInForce({ from }: NonNullable<DestinationState['throttle']>, now: number): boolean {
  return Math.abs(now - from) < THROTTLE_TTL_MS
}

function permitNow(
  state: DestinationState,
  configured: RateLimit | null,
  now: number,
): Omit<SendPermit, 'window'> {
  const limit = effectiveLimit(state, configured, now)
  if (state.pausedAt !== null) {
    const probeAt = believableTime(state.probeAt, now, PROBE_INTERVAL_MS)
    if (now < probeAt) return { maxSends: 0, isProbe: false, isHalfOpen: false, retryAt: probeAt }
    return { maxSends: 1, isProbe: true, isHalfOpen: false, retryAt: now }
  }
  const isHalfOpen = state.failures >= FAILURE_THRESHOLD
  const heldUntil = believableTime(state.heldUntil, now, MAX_PROVIDER_HOLD_MS)
  if (now < heldUntil) return { maxSends: 0, isProbe: false, isHalfOpen, retryAt: heldUntil }
  const maxSends = isHalfOpen ? 1 : Number.POSITIVE_INFINITY
  if (!limit) return { maxSends, isProbe: false, isHalfOpen, retryAt: now }
  const tokens = refilled(state, limit, now)
  const waitMs = tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60_000) / limit.perMinute)
  return {
    maxSends: Math.min(maxSends, Math.max(0, Math.floor(tokens))),
    isProbe: false,
    isHalfOpen,
    retryAt: now + waitMs,
  }
}

/** A time further ahead than Signalbox ever sets comes from a clock that was set back meanwhile, and is ignored. */
function believableTime(at: number | null | undefined, now: number, maxAheadMs: number): number {
  return at && at - now <= maxAheadMs ? at : now
}

function refilled({ tokens, tokensAt }: DestinationState, limit: RateLimit, now: number): number {
  if (tokens === null || tokensAt === null) return limit.burst
  return Math.min(limit.burst, tokens + (Math.max(0, now - tokensAt) * limit.perMinute) / 60_000)
}

/** How many sends may be under way at once. */
function windowOf({ throttle }: DestinationState, now: number): number {
  return throttle && isThrottleInForce(throttle, now) ? throttle.window : Number.POSITIVE_INFINITY
}

/** The slower one of the configured rate and the rate that the provider's orders have shown. */
function effectiveLimit(
  { throttle }: DestinationState,
  limit: RateLimit | null,
  now: number,
): RateLimit | null {
  const perMinute = throttle && isThrottleInForce(throttle, now) ? throttle.perMinute : null
  if (perMinute === null || (limit && limit.perMinute <= perMinute)) return limit
  return { perMinute, burst: 1 }
}

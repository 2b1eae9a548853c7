/** Decides whether Signalbox may send to a destination now, from its pause, breaker and rate limit. Pure. */
import type { RateLimit } from '../../model/project/destination.ts'
import type { DestinationState } from '../../store/store.ts'
import { isOpen } from './breaker.ts'
import { effectiveLimit, windowOf } from './throttle.ts'

export const PROBE_INTERVAL_MS = 5 * 60_000
export const MAX_PROVIDER_HOLD_MS = 60 * 60_000
const MAX_PAUSES = 50

/** `maxSends` sends may start now. If it is 0, `retryAt` says when to decide again. */
interface SendPermit {
  readonly maxSends: number
  /** The send may end a pause. */
  readonly isProbe: boolean
  /** The send may start only while no other send to the destination is in flight. */
  readonly isHalfOpen: boolean
  readonly retryAt: number
  /** The send may start only while fewer are in flight. */
  readonly window: number
}

export function sendPermit(state: DestinationState, configured: RateLimit | null, now: number): SendPermit {
  return { ...permitNow(state, configured, now), window: windowOf(state, now) }
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
  const isHalfOpen = isOpen(state)
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

/** Takes `count` tokens, if a rate holds now. Concurrent daemons can overdraw the bucket, which then fills from below zero. */
export function takeTokens(
  state: DestinationState,
  configured: RateLimit | null,
  count: number,
  now: number,
): DestinationState {
  const limit = effectiveLimit(state, configured, now)
  if (!limit) return state
  return { ...state, tokens: refilled(state, limit, now) - count, tokensAt: now }
}

function refilled({ tokens, tokensAt }: DestinationState, limit: RateLimit, now: number): number {
  if (tokens === null || tokensAt === null) return limit.burst
  return Math.min(limit.burst, tokens + (Math.max(0, now - tokensAt) * limit.perMinute) / 60_000)
}

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

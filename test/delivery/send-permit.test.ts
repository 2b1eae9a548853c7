import { describe, expect, it } from 'vitest'
import {
  pause,
  pauseCreditMs,
  resume,
  sendPermit,
  takeTokens,
} from '../../src/delivery/destination-state/send-permit.ts'
import type { DestinationState } from '../../src/store/store.ts'

const fresh: DestinationState = {
  pausedAt: null,
  pausedReason: '',
  probeAt: null,
  failures: 0,
  tokens: null,
  tokensAt: null,
}
const NOW = 1_000_000
const MINUTE = 60_000
const limit = { perMinute: 60, burst: 10 }

describe('gate', () => {
  const paused = pause(fresh, '401', NOW)
  it.each([
    ['nothing against it', fresh, null, { maxSends: Number.POSITIVE_INFINITY, isProbe: false }],
    ['a full bucket', fresh, limit, { maxSends: 10, isProbe: false }],
    ['half a token', { ...fresh, tokens: 0.5, tokensAt: NOW }, limit, { maxSends: 0, retryAt: NOW + 500 }],
    [
      'an overdrawn bucket',
      { ...fresh, tokens: -1, tokensAt: NOW },
      limit,
      { maxSends: 0, retryAt: NOW + 2_000 },
    ],
    ['a bucket that filled again', { ...fresh, tokens: 0, tokensAt: NOW - 3_000 }, limit, { maxSends: 3 }],
    ['a bucket left for a day', { ...fresh, tokens: 0, tokensAt: NOW - 86_400_000 }, limit, { maxSends: 10 }],
    ['a pause', paused, limit, { maxSends: 0, isProbe: false, retryAt: NOW + 5 * MINUTE }],
    ['a probe that an older clock set', { ...paused, probeAt: NOW + 60 * MINUTE }, null, { maxSends: 1 }],
    ['a hold that an older clock set', { ...fresh, heldUntil: NOW + 61 * MINUTE }, limit, { maxSends: 10 }],
    [
      'tokens that an older clock counted',
      { ...fresh, tokens: 2, tokensAt: NOW + MINUTE },
      limit,
      { maxSends: 2 },
    ],
    ['a pause whose probe is due', { ...paused, probeAt: NOW }, null, { maxSends: 1, isProbe: true }],
  ])('%s', (_, state, rateLimit, expected) =>
    expect(sendPermit(state, rateLimit, NOW)).toMatchObject(expected),
  )

  it('tokens are taken from the bucket as it was filled since the last send', () => {
    const taken = takeTokens({ ...fresh, tokens: 2, tokensAt: NOW - 1_000 }, limit, 3, NOW)
    expect(taken).toMatchObject({ tokens: 0, tokensAt: NOW })
  })
})

describe('pause', () => {
  it('keeps its beginning when it is confirmed, and the span when it ends', () => {
    const confirmed = pause(pause(fresh, '401', NOW), '403', NOW + 5)
    expect(confirmed).toMatchObject({ pausedAt: NOW, pausedReason: '403' })
    expect(resume(confirmed, NOW + 9)).toEqual({ ...fresh, pauses: [{ from: NOW, to: NOW + 9 }] })
  })

  it('ending a pause that does not exist changes nothing', () => expect(resume(fresh, NOW)).toBe(fresh))

  it('the last fifty pauses are kept', () => {
    let state = fresh
    for (let n = 0; n < 60; n++) state = resume(pause(state, '401', n), n + 1)
    expect(state.pauses?.map(({ from }) => from)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10))
  })
})

describe('pauseCreditMs', () => {
  const pauses = [
    { from: 100, to: 200 },
    { from: 300, to: 450 },
  ]
  it.each([
    ['waited through both', { createdAt: 0, due: 50 }, 250],
    ['was made in the first', { createdAt: 150, due: 150 }, 200],
    ['was made between them', { createdAt: 250, due: 250 }, 150],
    ['was touched after the first', { createdAt: 0, due: 260 }, 150],
    ['was touched after both', { createdAt: 0, due: 500 }, 0],
  ])('the pause credit of a delivery that %s', (_, delivery, ms) =>
    expect(pauseCreditMs(delivery, { pauses })).toBe(ms),
  )
})

import { describe, expect, it } from 'vitest'
import { type DecisionInput, decide } from '../../src/delivery/decide.ts'
import type { SendResult } from '../../src/delivery/send.ts'
import { delivery as newDelivery } from '../support/store-rows.ts'

const NOW = 1_000_000
const DAY = 86_400_000

const retry = (retryAfterMs: number | null = null): SendResult => {
  return { result: 'retry', status: 503, message: '503', retryAfterMs }
}
const refused = (scope: 'delivery' | 'destination'): SendResult => {
  return { result: 'refused', status: 400, message: '400', scope }
}

function decision(result: SendResult, over: Partial<DecisionInput> = {}) {
  return decide({
    delivery: { createdAt: NOW - 60_000, attempts: 2, pausedMs: 0 },
    retry: { maxAgeMs: 3 * DAY, maxAttempts: 0 },
    result,
    startedAt: NOW - 30,
    now: NOW,
    paused: false,
    interrupted: false,
    creditMs: 0,
    random: 0.5,
    fallbackDeliveries: (reason) => [newDelivery('handed-over', { reason })],
    ...over,
  })
}
const old = { createdAt: NOW - 4 * DAY, attempts: 2, pausedMs: 0 }

describe('decide', () => {
  it.each<[string, ReturnType<typeof decision>, object]>([
    [
      'a failure waits with jitter',
      decision(retry()),
      { state: 'waiting', due: NOW + 2_000, spendsAttempt: true },
    ],
    ['an ordered wait is obeyed', decision(retry(90_000)), { due: NOW + 90_000, spendsAttempt: false }],
    [
      'a wait ends with the life',
      decision(retry(), { retry: { maxAgeMs: 60_500, maxAttempts: 0 } }),
      { due: NOW + 500 },
    ],
    [
      'too old is dead',
      decision(retry(), { delivery: old }),
      { state: 'dead', reason: 'not delivered in 3 d: 503' },
    ],
    ['too old is dead, whatever wait is ordered', decision(retry(1), { delivery: old }), { state: 'dead' }],
    [
      'pauses do not count as age',
      decision(retry(), { delivery: { ...old, pausedMs: 2 * DAY } }),
      { state: 'waiting' },
    ],
    [
      'nor do those not yet written',
      decision(retry(), { delivery: old, creditMs: 2 * DAY }),
      { state: 'waiting', pausedMs: 2 * DAY },
    ],
    [
      'the last attempt is the last',
      decision(retry(), { retry: { maxAgeMs: DAY, maxAttempts: 3 } }),
      { state: 'dead', reason: 'not delivered in 3 attempts: 503' },
    ],
    [
      'an ordered wait is no attempt',
      decision(retry(5), { retry: { maxAgeMs: DAY, maxAttempts: 3 } }),
      { state: 'waiting' },
    ],
    ['a refusal is dead at once', decision(refused('delivery')), { state: 'dead', reason: '400' }],
    [
      'a broken destination waits',
      decision(refused('destination'), { paused: true }),
      { state: 'waiting', due: NOW, spendsAttempt: false },
    ],
    [
      'nothing dies of age while paused',
      decision(retry(), { delivery: old, paused: true }),
      { state: 'waiting', spendsAttempt: false },
    ],
    [
      'a stop spends nothing',
      decision(retry(), { interrupted: true }),
      { state: 'waiting', due: NOW, spendsAttempt: false },
    ],
  ])('%s', (_, outcome, expected) => expect(outcome).toMatchObject(expected))

  it('a refused delivery records the attempt and makes a fallback delivery with the reason', () => {
    expect(decision(refused('delivery'))).toEqual({
      state: 'dead',
      reason: '400',
      attempt: { at: NOW - 30, ms: 30, status: 400, outcome: 'refused', message: '400' },
      fallbackDeliveries: [newDelivery('handed-over', { reason: '400' })],
    })
  })
})

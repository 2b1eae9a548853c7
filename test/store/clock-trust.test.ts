/** A clock decides about deletions only if it is trusted. */
import { expect, it } from 'vitest'
import { ClockTrust } from '../../src/store/clock-trust.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = 1_000 * DAY

const first = (stored: number | null) => new ClockTrust().isTrusted({ now: NOW, monotonic: 5 }, () => stored)

it.each([
  ['an empty store', null, true],
  ['a store of an hour ago', NOW - HOUR, true],
  ['a store of last week', NOW - 7 * DAY, true],
  ['a store of a year ago: the clock may be ahead', NOW - 365 * DAY, false],
  ['a store of tomorrow: one of the two clocks was wrong', NOW + DAY, false],
])('the first time of the clock is trusted or not: %s', (_title, stored, isTrusted) => {
  expect(first(stored)).toBe(isTrusted)
})

it('a clock is trusted again after an hour without a step', () => {
  const trust = new ClockTrust()
  const at = (passed: number) =>
    trust.isTrusted({ now: NOW + passed, monotonic: passed }, () => NOW - 365 * DAY)
  expect([at(0), at(HOUR - 1), at(HOUR)]).toEqual([false, false, true])
})

it('a clock is not trusted for an hour after each step', () => {
  const trust = new ClockTrust()
  const at = (passed: number, step: number) =>
    trust.isTrusted({ now: NOW + passed + step, monotonic: passed }, () => NOW)
  expect([at(0, 0), at(1, 0), at(2, DAY), at(HOUR, DAY), at(HOUR + 2, DAY), at(HOUR + 3, 0)]).toEqual([
    true,
    true,
    false,
    false,
    true,
    false,
  ])
})

/** How old a stored time is. */
import { expect, it } from 'vitest'
import { ageMs } from '../../src/core/age.ts'

const NOW = 1_000_000_000

it.each([
  ['passed', NOW - 5, 5],
  ['is now', NOW, 0],
  ['is ahead by what clocks differ', NOW + 60_000, 0],
  ['is further ahead', NOW + 60_001, Number.POSITIVE_INFINITY],
])('the age of a time that $0 is $2 ms', (_title, since, age) => {
  expect(ageMs(since, NOW)).toBe(age)
})

import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/delivery/backoff.ts'

const ALMOST_ONE = 1 - Number.EPSILON

describe('[DEL-3.1] backoff', () => {
  it.each([
    [0, 1_000],
    [1, 2_000],
    [4, 16_000],
    [8, 256_000],
    [9, 300_000],
    [5_000, 300_000],
  ])('the delay after %i attempts lies anywhere between 0 and %i ms', (attempts, ceiling) => {
    expect(backoffMs(attempts, 0)).toBe(0)
    expect(backoffMs(attempts, 0.5)).toBe(ceiling / 2)
    expect(backoffMs(attempts, ALMOST_ONE)).toBe(ceiling - 1)
  })
})

import { expect, it } from 'vitest'
import { durationMs } from '../../../src/cli/command/duration.ts'

it.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['1.5m', 90_000],
  ['24h', 86_400_000],
  ['3d', 259_200_000],
  ['0s', 0],
])('%s is %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

it.each(['', '30', 's', '-5s', '1w', '1h30m', ' 1s', '1e3s'])('"%s" is no duration', (text) => {
  expect(() => durationMs(text)).toThrow('number and a unit (ms, s, m, h, d)')
})

import { expect, it } from 'vitest'
import { absenceLimit } from '../../src/correlation/absence-limit.ts'

const MINUTE = 60_000
const NOW = 1_000 * MINUTE
const partition = (source: string, over: object = {}) => ({
  source,
  leaseUntil: NOW + 5_000,
  caughtUpAt: NOW,
  lag: 0,
  ...over,
})

it.each([
  ['there are no partitions', [], NOW, []],
  ['all are read to their end', [partition('a'), partition('b')], NOW, []],
  [
    'one is behind',
    [partition('a'), partition('b', { caughtUpAt: NOW - 7 * MINUTE, lag: 9 })],
    NOW - 7 * MINUTE,
    [],
  ],
  [
    'one that is behind has no daemon at the moment',
    [partition('a', { caughtUpAt: NOW - 7 * MINUTE, leaseUntil: null })],
    NOW - 7 * MINUTE,
    [],
  ],
  ['a source does not say how far it is', [partition('a', { caughtUpAt: null, lag: null })], NOW, []],
  [
    'one is behind by more than an hour',
    [partition('a', { caughtUpAt: NOW - 61 * MINUTE, lag: 9 })],
    NOW - 60 * MINUTE,
    ['a'],
  ],
  [
    'one has never been read to its end',
    [partition('a', { caughtUpAt: null, lag: 9 })],
    NOW - 60 * MINUTE,
    ['a'],
  ],
  [
    'no daemon has read one for more than an hour, because its source was removed',
    [partition('a', { caughtUpAt: NOW - 61 * MINUTE, leaseUntil: NOW - 61 * MINUTE })],
    NOW,
    [],
  ],
])('absence is evaluated up to the time that all partitions have reached: %s', (_, rows, until, late) => {
  expect(absenceLimit(rows, NOW)).toEqual({ until, late })
})

import { expect, it } from 'vitest'
import type { Signal } from '../../../src/cli/command/command.ts'
import { createInterrupts } from '../../../src/cli/command/interrupts.ts'

it.each<[string, [Signal, number][], string[], string | null]>([
  ['SIGTERM drains', [['SIGTERM', 0]], ['drain'], 'SIGTERM'],
  [
    'a second SIGINT ends at once',
    [
      ['SIGINT', 0],
      ['SIGINT', 900],
    ],
    ['drain', 'end'],
    'SIGINT',
  ],
  [
    'one keypress that arrives twice is one',
    [
      ['SIGINT', 0],
      ['SIGINT', 4],
    ],
    ['drain', 'ignore'],
    'SIGINT',
  ],
  [
    'SIGINT ends a drain that SIGTERM began',
    [
      ['SIGTERM', 0],
      ['SIGINT', 900],
    ],
    ['drain', 'end'],
    'SIGTERM',
  ],
  [
    'a second SIGTERM changes nothing',
    [
      ['SIGTERM', 0],
      ['SIGTERM', 900],
    ],
    ['drain', 'ignore'],
    'SIGTERM',
  ],
  [
    'SIGHUP reloads',
    [
      ['SIGHUP', 0],
      ['SIGHUP', 1],
    ],
    ['reload', 'reload'],
    null,
  ],
  [
    'nothing is reloaded while draining',
    [
      ['SIGTERM', 0],
      ['SIGHUP', 1],
    ],
    ['drain', 'ignore'],
    'SIGTERM',
  ],
])('%s', (_name, signals, expected, stoppedBy) => {
  const interrupts = createInterrupts()
  expect(signals.map(([signal, at]) => interrupts.next(signal, at))).toEqual(expected)
  expect(interrupts.stoppedBy).toBe(stoppedBy)
})

/** The index selects every detection of which a condition holds, and no other. */
import { expect, it } from 'vitest'
import { EventIndex } from '../../../src/engine/worker/event-index/event-index.ts'
import { holds, type IndexCondition } from '../../../src/engine/worker/event-index/index-condition.ts'
import { seededRandom } from '../../support/random.ts'

const PATHS = [['a'], ['a', 'b'], ['a', 'B'], ['c', 'd'], ['c', 'é']]
const KINDS = ['present', 'equal', 'prefix', 'suffix', 'contains'] as const
const TEXTS = ['', 'a', 'ab', 'aba', 'abab', 'b', 'ba', 'bab', 'x', 'AB', 'aB']
const SCALARS = [...TEXTS, null, true, false, 0, 1, 2, 1.5]
const VALUES: readonly unknown[] = [
  ...SCALARS,
  'ababab',
  'xaby',
  'ÄB',
  1e16,
  [],
  ['a'],
  {},
  { b: 'ab' },
  { B: 'a', b: 1 },
  { é: 'a' },
]
const random = seededRandom(7)
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!

function condition(): IndexCondition {
  const kind = pick(KINDS)
  const letterCase = kind === 'present' ? null : pick(['lower', 'upper', null] as const)
  const isScalar = kind === 'equal' && letterCase === null
  return {
    path: {
      keys: pick(PATHS),
      isExact: random() < 0.3,
      raisesOnTheWay: random() < 0.5,
      nullIsAbsent: random() < 0.5,
    },
    kind,
    values:
      kind === 'present'
        ? []
        : Array.from({ length: 2 }, () => pick<string | number | boolean | null>(isScalar ? SCALARS : TEXTS)),
    letterCase,
    raisesOnContainers: isScalar && random() < 0.5,
  }
}

function record(): Record<string, unknown> {
  const keys = ['a', 'A', 'c', 'C', 'other', 'É'].filter(() => random() < 0.4)
  return Object.fromEntries(
    keys.map((key) => [key, random() < 0.4 ? { d: pick(VALUES), b: pick(VALUES) } : pick(VALUES)]),
  )
}

it('selects what the conditions say, on many indexes and events', () => {
  for (let round = 0; round < 60; round++) {
    const detections = Array.from({ length: 40 }, (_, number) => ({
      number: number * 2,
      conditions: random() < 0.05 ? null : Array.from({ length: Math.floor(random() * 4) }, condition),
    }))
    const index = new EventIndex(detections)
    for (let event = 0; event < 60; event++) {
      const each = record()
      const expected = detections
        .filter(({ conditions }) => conditions === null || conditions.some((some) => holds(some, each)))
        .map(({ number }) => number)
      expect({ each, selected: [...index.select(each)] }).toEqual({ each, selected: expected })
    }
  }
})

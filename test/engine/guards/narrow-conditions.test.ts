/** A comparison that many detections make is replaced by what each of them asks of the events that meet it. */
import { expect, it } from 'vitest'
import type { IndexCondition } from '../../../src/engine/worker/event-index/index-condition.ts'
import {
  narrowConditions,
  SharedComparisons,
} from '../../../src/engine/worker/event-index/narrow-conditions.ts'

function equal(key: string, ...values: string[]): IndexCondition {
  const path = { keys: [key], isExact: false, raisesOnTheWay: true, nullIsAbsent: false }
  return { path, kind: 'equal', values, letterCase: null, raisesOnContainers: false }
}
const SOURCE = equal('source', 's')
const RAISING = { ...SOURCE, raisesOnContainers: true }
const NAME = equal('name', 'n')
const ERROR: IndexCondition = { ...equal('error'), kind: 'present' }

function shared(...counts: (readonly [IndexCondition, number])[]): SharedComparisons {
  const comparisons = new SharedComparisons()
  for (const [condition, count] of counts) {
    for (let added = 0; added < count; added++) comparisons.add([condition])
  }
  return comparisons
}

it.each([
  [
    'by the conditions of the events that meet it',
    [ERROR, SOURCE],
    shared([SOURCE, 9]),
    [ERROR, NAME],
    [ERROR, NAME],
  ],
  ['by nothing, where such events meet nothing else', [ERROR, SOURCE], shared([SOURCE, 9]), [ERROR], [ERROR]],
  ['not by a condition that as many share', [SOURCE], shared([SOURCE, 9], [NAME, 9]), [NAME], [SOURCE]],
  ['not by the presence of another field', [SOURCE], shared([SOURCE, 9]), [ERROR, NAME], [SOURCE]],
  ['not where such events are always selected', [SOURCE], shared([SOURCE, 9]), null, [SOURCE]],
  ['not where a list raises', [RAISING], shared([SOURCE, 9]), [NAME], [RAISING]],
  ['not where few share it', [SOURCE], shared([SOURCE, 2]), [NAME], [SOURCE]],
  ['not the presence of a field', [ERROR], shared([SOURCE, 9]), [NAME], [ERROR]],
])('%s', (_, conditions, comparisons, ofGiven, expected) => {
  expect(narrowConditions(conditions, comparisons, () => ofGiven)).toEqual(expected)
})

it('by the conditions for each of several values', () => {
  const either = equal('source', 's', 't')
  const asked: unknown[] = []
  const narrowed = narrowConditions([either], shared([either, 9]), (given) => {
    asked.push(given)
    return [equal('name', `of ${given.value}`)]
  })
  expect(asked).toEqual([
    { key: 'source', isExact: false, value: 's' },
    { key: 'source', isExact: false, value: 't' },
  ])
  expect(narrowed).toEqual([equal('name', 'of s'), equal('name', 'of t')])
})

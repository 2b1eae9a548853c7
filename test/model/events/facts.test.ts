/** What follows from facts: complete or not, constant or not, which helpers a body leans on. */
import { describe, expect, it } from 'vitest'
import {
  type BodyFacts,
  canBeEmpty,
  helpersOf,
  isConstant,
  literalsOf,
  NO_FACTS,
  type Outcome,
  type ReturnFacts,
  undecidedLocations,
} from '../../../src/model/events/facts.ts'

const location = { file: 'body.py', line: 2, column: 3 }
const text = (value: string): Outcome => ({ kind: 'text', value, location })
const list = (values: string[], over: { exact?: boolean; closed?: boolean } = {}): Outcome => ({
  kind: 'list',
  items: values.map((value) => ({ value, location })),
  exact: true,
  closed: true,
  location,
  ...over,
})
const none: Outcome = { kind: 'none', location }
const unknown: Outcome = { kind: 'unknown', event: true, location }
const returns = (...outcomes: Outcome[]): ReturnFacts => ({ location, outcomes })

describe('return facts', () => {
  it.each([
    ['one text', [text('a')], { values: ['a'], isOpen: false, constant: true, empty: false }],
    [
      'two texts',
      [text('a'), text('b')],
      { values: ['a', 'b'], isOpen: false, constant: false, empty: false },
    ],
    ['a list', [list(['a', 'b'])], { values: ['a', 'b'], isOpen: false, constant: true, empty: false }],
    ['an empty list', [list([])], { values: [], isOpen: false, constant: true, empty: true }],
    [
      'any of a list',
      [list(['a'], { exact: false })],
      { values: ['a'], isOpen: false, constant: false, empty: true },
    ],
    [
      'a list that may hold more',
      [list(['a'], { exact: false, closed: false })],
      { values: ['a'], isOpen: true, constant: false, empty: true },
    ],
    ['None', [none], { values: [], isOpen: false, constant: true, empty: false }],
    ['unknown', [unknown], { values: [], isOpen: true, constant: false, empty: false }],
    ['text or unknown', [text('a'), unknown], { values: ['a'], isOpen: true, constant: false, empty: false }],
    ['nothing found', [], { values: [], isOpen: false, constant: false, empty: false }],
  ])('%s', (_, outcomes, expected) => {
    const facts = returns(...outcomes)
    expect({
      values: literalsOf(facts).map(({ value }) => value),
      isOpen: undecidedLocations(facts).length > 0,
      constant: isConstant(facts),
      empty: canBeEmpty(facts),
    }).toEqual(expected)
  })
})

describe('helpers that a body leans on', () => {
  const body = (...modules: string[]): BodyFacts => ({
    functions: [],
    imports: modules.map((module) => ({ module, name: null, line: 1 })),
  })
  const helper = (...modules: string[]) => ({ ...body(...modules), isStandard: false })
  const helpers = new Map([
    ['a', helper('b', 'json')],
    ['b', helper('a', 'c.part')],
    ['c', helper()],
    ['alone', helper('c')],
  ])

  it.each([
    ['none', body('json'), []],
    ['through others, and round in a circle', body('a'), ['a', 'b', 'c']],
    ['by a part of one', body('c.part'), ['c']],
  ])('%s', (_, facts, expected) => {
    expect([...helpersOf(facts, { ...NO_FACTS, helpers })].sort()).toEqual(expected)
  })
})

/** Index conditions of match expressions: where none holds, the expression must not hold. */
import { expect, it } from 'vitest'
import { needsExactness, parseExact } from '../../../src/core/exact-json.ts'
import { expressionConditions } from '../../../src/engine/worker/event-index/expression-conditions.ts'
import { holds } from '../../../src/engine/worker/event-index/index-condition.ts'
import { compile } from '../../../src/match/compile-expression.ts'
import { CONDITIONS } from '../../../src/model/project/condition.ts'
import type { Key, MatchExpression, Operand, Scalar } from '../../../src/model/project/match-expression.ts'
import { seededRandom } from '../../support/random.ts'

const EXPRESSIONS = 4_000
const EVENTS = 25
const KEYS: readonly Key[] = [
  ['a'],
  ['A'],
  ['a', 'b'],
  ['a', 0],
  ['a', -1, 'b'],
  ['a', null],
  ['a', null, 'b'],
  ['c', 'd'],
  ['p_log_type'],
  ['ÄB'],
]
const SCALARS: readonly Scalar[] = [
  '',
  'a',
  'A',
  'ab',
  'b',
  'ß',
  '\u212a',
  '10.0.0.1',
  '10.0.0.0/8',
  null,
  true,
  false,
  0,
  1,
  1.5,
  1e16,
  1_152_921_504_606_846_977n,
]
const VALUES = [
  'null',
  'true',
  'false',
  '0',
  '1',
  '1.0',
  '1.5',
  '-0',
  '1e16',
  '1152921504606846977',
  '""',
  '"a"',
  '"A"',
  '"AB"',
  '"xab"',
  '"SS"',
  '"k"',
  '"10.0.0.1"',
  '[]',
  '["a"]',
  '["AB",1]',
  '[{"b":"a"}]',
  '{}',
  '{"b":"a"}',
  '{"B":"ab"}',
  '{"b":null,"B":"a"}',
]
const EVENT_KEYS = ['a', 'A', 'c', 'C', 'ÄB', 'äb', '\\u0041']

const random = seededRandom(11)
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
const several = <T>(create: () => T): T[] => Array.from({ length: 1 + Math.floor(random() * 3) }, create)

function expression(depth: number): MatchExpression {
  const kind = random()
  if (depth > 0 && kind < 0.35) {
    const of = pick(['All', 'Any', 'OnlyOne', 'None'] as const)
    return { kind: 'group', of, members: several(() => expression(depth - 1)) }
  }
  if (depth > 0 && kind < 0.45) {
    const of = pick(['AllElements', 'AnyElement', 'OnlyOneElement', 'NoElement'] as const)
    return { kind: 'elements', key: pick(KEYS), of, members: several(() => expression(depth - 1)) }
  }
  if (kind < 0.5) return { kind: 'constant', holds: random() < 0.5 }
  return { kind: 'compare', key: pick(KEYS), condition: pick([...CONDITIONS.keys()]), with: operand() }
}

function operand(): Operand {
  return random() < 0.1
    ? { kind: 'key', key: pick(KEYS) }
    : { kind: 'values', values: several(() => pick(SCALARS)) }
}

function event(): string {
  const fields = EVENT_KEYS.filter(() => random() < 0.4).map((key) => `"${key}":${pick(VALUES)}`)
  return `{${['"p_log_type":"Log"', ...fields].join(',')}}`
}

it('an event for which none holds is one on which the expression does not hold', () => {
  let leftOut = 0
  for (let left = EXPRESSIONS; left > 0; left--) {
    const each = expression(2)
    const conditions = expressionConditions(each)
    if (conditions === null) continue
    const matches = compile(each)
    for (const text of Array.from({ length: EVENTS }, event)) {
      if (conditions.some((condition) => holds(condition, JSON.parse(text)))) continue
      leftOut++
      const record = needsExactness(text) ? parseExact(text) : JSON.parse(text)
      expect({ each, text, matches: matches(record) }).toEqual({ each, text, matches: false })
    }
  }
  expect(leftOut).toBeGreaterThan(EXPRESSIONS)
})

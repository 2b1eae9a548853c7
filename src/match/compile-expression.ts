/** Match expressions -> predicates over a parsed event. Compiled once; total: no event makes one throw. */
import { CONDITIONS, type Condition } from '../model/project/condition.ts'
import type { Combinator, MatchExpression, Operand, Quantifier } from '../model/project/match-expression.ts'
import { valueAt, valuesAt } from './key-lookup.ts'
import { TESTS, type Test, toLowerCase } from './operators.ts'

export type Predicate = (record: unknown) => boolean

export function compile(expression: MatchExpression): Predicate {
  switch (expression.kind) {
    case 'constant':
      return () => expression.holds
    case 'group': {
      const members = expression.members.map(compile)
      return (record) => COMBINE[expression.of](members, (member) => member(record))
    }
    case 'elements': {
      const members = expression.members.map(compile)
      const matchesAll: Predicate = (element) => members.every((member) => member(element))
      return (record) => {
        const list = valueAt(record, expression.key)
        if (!Array.isArray(list)) return expression.of === 'NoElement'
        return COMBINE[QUANTIFIERS[expression.of]](list, matchesAll)
      }
    }
    case 'compare':
      return compare(expression)
  }
}

type Combine = <T>(items: readonly T[], holds: (item: T) => boolean) => boolean

const COMBINE: Record<Combinator, Combine> = {
  All: (items, holds) => items.every(holds),
  Any: (items, holds) => items.some(holds),
  OnlyOne: (items, holds) => items.filter(holds).length === 1,
  None: (items, holds) => !items.some(holds),
}
const QUANTIFIERS: Record<Quantifier, Combinator> = {
  AllElements: 'All',
  AnyElement: 'Any',
  OnlyOneElement: 'OnlyOne',
  NoElement: 'None',
}

/** One of several values must match. A negated condition requires that none does. */
function compare({
  key,
  condition: name,
  with: operand,
}: Extract<MatchExpression, { kind: 'compare' }>): Predicate {
  const condition = CONDITIONS.get(name)!
  const { operator, negated } = condition
  if (operator === 'exists') return (record) => valuesAt(record, key).length > 0 !== negated
  const test = testOf(condition, operand)
  // A missing field counts as null for the conditions on null.
  const absent = operator === 'null' || operator === 'null or empty' ? [null] : []
  return (record) => {
    const found = valuesAt(record, key)
    const values = found.length > 0 ? found : absent
    return values.some((value) => test(value, record)) !== negated
  }
}

function testOf(
  { operator, ignoresCase }: Condition,
  operand: Operand,
): (value: unknown, record: unknown) => boolean {
  const plain = TESTS[operator as keyof typeof TESTS]
  const test: Test = ignoresCase
    ? (value, others) => plain(toLowerCase(value), others.map(toLowerCase))
    : plain
  if (operand.kind === 'values') {
    const { values } = operand
    return (value) => test(value, values)
  }
  return (value, record) => valuesAt(record, operand.key).some((other) => test(value, [other]))
}

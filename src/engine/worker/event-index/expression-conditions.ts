/**
 * WORKER THREAD. Derives index conditions from match expressions: of inline filters, and of detections without
 * Python.
 */
import { CONDITIONS, type Operator } from '../../../model/project/condition.ts'
import type { Key, MatchExpression, Operand } from '../../../model/project/match-expression.ts'
import { isExactNumber } from '../guard/guard-values.ts'
import { isFilledField } from './field-recorder.ts'
import type { FieldPath, IndexCondition } from './index-condition.ts'
import { moreSelective } from './selectivity.ts'

/** Returns conditions of which one must hold where the expression does; null: it may hold for every event. */
export function expressionConditions(expression: MatchExpression): readonly IndexCondition[] | null {
  switch (expression.kind) {
    case 'constant':
      return expression.holds ? null : []
    case 'group':
      return groupConditions(expression.of, expression.members.map(expressionConditions))
    case 'elements': {
      const { key, of } = expression
      // A key that selects every element gives a list, also where there is nothing.
      if (of === 'NoElement' || key.includes(null)) return null
      return present(key)
    }
    case 'compare':
      return comparisonConditions(expression)
  }
}

type Conditions = readonly IndexCondition[] | null

function groupConditions(of: 'All' | 'Any' | 'OnlyOne' | 'None', members: readonly Conditions[]): Conditions {
  if (of === 'None') return null
  if (of === 'All') return members.reduce(moreSelective, null)
  return members.every((each) => each !== null) ? members.flat() : null
}

function comparisonConditions({
  key,
  condition: name,
  with: operand,
}: Extract<MatchExpression, { kind: 'compare' }>): Conditions {
  const { operator, negated, ignoresCase } = CONDITIONS.get(name)!
  // An absent field is null to these.
  if (negated || operator === 'null' || operator === 'null or empty') return null
  const path = pathOf(key)
  const kind = KINDS[operator]
  if (path === null || kind === undefined) return present(key)
  const values = comparedValues(operand, ignoresCase, kind)
  if (values === null) return present(key)
  const letterCase = ignoresCase ? 'lower' : null
  return [{ path, kind, values, letterCase, raisesOnContainers: false }]
}

const KINDS: Partial<Record<Operator, 'equal' | 'prefix' | 'suffix' | 'contains'>> = {
  equals: 'equal',
  'is in': 'equal',
  'starts with': 'prefix',
  'ends with': 'suffix',
  contains: 'contains',
}

/** Returns null where the index cannot compare as the expression does. */
function comparedValues(
  operand: Operand,
  ignoresCase: boolean,
  kind: IndexCondition['kind'],
): IndexCondition['values'] | null {
  if (operand.kind === 'key') return null
  const values: (string | number | boolean | null)[] = []
  for (const value of operand.values) {
    if (typeof value === 'string') values.push(ignoresCase ? value.toLowerCase() : value)
    else if (typeof value === 'bigint' || ignoresCase || kind !== 'equal') return null
    else if (typeof value === 'number' && !isExactNumber(value)) return null
    else values.push(value)
  }
  return values
}

/** The names of a key; null: some of its steps are not names, or the engine fills the field in. */
function pathOf(key: Key): FieldPath | null {
  const names = namesOf(key)
  return names.length === key.length && names.length > 0 && !isFilledField(names[0]!) ? pathTo(names) : null
}

/** The field, or what must be there for it to be there. */
function present(key: Key): Conditions {
  const names = namesOf(key)
  if (names.length === 0 || isFilledField(names[0]!)) return null
  return [{ path: pathTo(names), kind: 'present', values: [], letterCase: null, raisesOnContainers: false }]
}

function namesOf(key: Key): string[] {
  const end = key.findIndex((step) => typeof step !== 'string')
  return (end === -1 ? key : key.slice(0, end)) as string[]
}

function pathTo(keys: readonly string[]): FieldPath {
  return { keys, isExact: false, raisesOnTheWay: false, nullIsAbsent: false }
}

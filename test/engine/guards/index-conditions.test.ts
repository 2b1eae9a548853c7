/** Index conditions: what makes a guard look at an event at all. Where none holds, Python itself must stay silent. */
import { describe, expect, it } from 'vitest'
import { deriveIndexConditions } from '../../../src/engine/worker/event-index/derive-index-conditions.ts'
import { holds, type IndexCondition } from '../../../src/engine/worker/event-index/index-condition.ts'
import { type ComparedCase, comparedOnce, describeWithPython } from './python-answers.ts'

const VALUES = [
  'null',
  'true',
  '0',
  '1',
  '1.0',
  '""',
  '"a"',
  '"A"',
  '"ab"',
  '"xab"',
  '"b"',
  '"\\u212a"',
  '"\\ud83d"',
  '1152921504606846976',
  '[]',
  '["a"]',
  '[["a"]]',
  '{}',
  '{"b":"a"}',
  '{"B":"a"}',
  '{"b":null}',
  '{"b":["a"]}',
]
const EVENTS = [
  '{"p_log_type":"Log"}',
  '{"p_log_type":"Log","P_Log_Type":"Other"}',
  '{"P_Log_Type":"Other","p_log_type":"Log","a":"a"}',
  ...['a', 'A', 'other'].flatMap((key) => VALUES.map((value) => `{"p_log_type":"Log","${key}":${value}}`)),
  ...VALUES.map((value) => `{"p_log_type":"Log","a":${value},"c":"a"}`),
  '{"p_log_type":"Log","\\u212a":1,"a":"a"}',
  '{"p_log_type":"Log","a":{"b":{"c":"a"}}}',
  '{"p_log_type":"Log","a":[{"b":"a"}]}',
  '{"p_log_type":"Log","p_udm":{"a":"a"}}',
]

/** Expression -> conditions in short, or null: every event is looked at. */
const EXPRESSIONS: readonly (readonly [expression: string, conditions: readonly string[] | null])[] = [
  ['event.get("a") == "a"', ['a equal "a"']],
  ['event.get("a", "") != "a" and False', ['a equal "a"']],
  ['event.get("a") in {"a", "b"}', ['a equal "a" "b" or container']],
  ['event.get("a") in ["a", 1]', ['a equal "a" 1']],
  ['event.get("a", "").lower() == "a"', ['a lower equal "a"']],
  ['event.get("a", "").upper() in ("A", "B")', ['a upper equal "A" "B"']],
  ['event.get("a", "").startswith("a")', ['a prefix "a" or container']],
  ['event.get("a", "").endswith(("a", "b"))', ['a suffix "a" "b" or container']],
  ['"a" in event.get("a", "")', ['a contains "a" or container']],
  ['"a" in event.get("a", [])', ['a present']],
  ['"a" in event', ['a present']],
  ['event.get("a", {}).get("b") == "a"', ['a.b equal "a"']],
  ['event.deep_get("a", "b") == "a"', ['a.b equal "a"']],
  ['event.deep_get("a", "b", default="").startswith("a")', ['a.b prefix "a" or container']],
  ['event.deep_walk("a", "b") == "a"', ['a present']],
  ['event.get("a", False)', ['a present']],
  ['bool(event.get("a"))', ['a present']],
  ['event.get("a") is not None', ['a present']],
  ['event.get("a", "x").split("@")[0] == "a"', ['a present']],
  ['event.get("a") == "a" and event.get("c") == "a"', ['a equal "a"']],
  ['event.get("a") == "a" or event.get("c") == "a"', ['a equal "a"', 'c equal "a"']],
  ['all([event.get("a") == "a", event.get("c") == "a"])', ['a equal "a"', 'c equal "a"']],
  ['event.get("a", event.get("c")) == "a"', ['a present', 'c present']],
  ['any(each == "a" for each in event.get("a", []))', ['a present']],
  ['event.get("p_log_type") == "Log" and event.get("a") == "a"', ['a equal "a"']],
  ['event.udm("path") == "a"', ['a.b equal "a"']],
  ['event.udm("method") == "a"', ['a equal "a"']],
  ['event.udm("a") == "a"', ['p_udm.a present', 'a present']],
  ['parts = {}\n    parts["a"] = event.get("a")\n    return bool(any(parts.values()))', ['a present']],
  [
    'try:\n        return event.get("a").lower() == "a"\n    except AttributeError:\n        return False',
    ['a present'],
  ],
  ['parts = {}\n    parts["a"] = event.get("a")\n    return not any(parts.values())', null],
  ['event.get("P_Log_Type") == "Log" and event.get("a") == "a"', null],
  ['event.get("a") != "a"', null],
  ['event["a"] == "a"', null],
  ['event.get("a").startswith("a")', null],
  ['event.get("p_row_id") == "a"', null],
  ['event.udm("p_log_type") == "Log" and event.get("a") == "a"', null],
  ['event.deep_walk("p_log_type") == "Log" and event.get("a") == "a"', null],
  ['"a" in event.keys()', null],
  ['len(event) > 20', null],
]

const MODEL = [
  'def method(event):\n    return event.get("a")\n',
  [
    { name: 'path', path: 'a.b' },
    { name: 'method', method: 'method' },
  ],
] as const

function short({ path, kind, values, letterCase, raisesOnContainers }: IndexCondition): string {
  const shown = values.map((value) => ` ${JSON.stringify(value)}`).join('')
  const letters = letterCase === null ? '' : ` ${letterCase}`
  const containers = kind !== 'present' && raisesOnContainers && values.length > 0 ? ' or container' : ''
  return `${path.keys.join('.')}${letters} ${kind}${shown}${containers}`
}

function conditionsOf({ program }: ComparedCase): readonly IndexCondition[] | null {
  if ('reason' in program) throw new Error(`there is no guard: ${program.reason}`)
  const derived = deriveIndexConditions(program, 'Log')
  return 'conditions' in derived ? derived.conditions : null
}

describeWithPython('index conditions of a guard', () => {
  const cases = EXPRESSIONS.map(([expression]) => ({
    source: `def rule(event):\n    ${expression.includes('return') ? expression : `return ${expression}`}\n`,
    model: MODEL,
    events: EVENTS,
  }))
  const comparedCases = comparedOnce(cases)
  const comparedCase = (at: number) => comparedCases()[at]!

  it.each(EXPRESSIONS.map(([expression, conditions], at) => ({ expression, conditions, at })))(
    '$expression',
    ({ conditions, at }) => {
      expect(conditionsOf(comparedCase(at))?.map(short) ?? null).toEqual(conditions)
    },
  )

  it('an event for which none holds is one on which Python returns what it returns for an event without fields', () => {
    const wrong = EXPRESSIONS.flatMap(([expression], at) => {
      const { events } = comparedCase(at)
      const conditions = conditionsOf(comparedCase(at))
      if (conditions === null) return []
      const leftOut = events.filter(({ event }) => !conditions.some((each) => holds(each, JSON.parse(event))))
      return leftOut
        .filter(({ python }) => JSON.stringify(python) !== '{"value":false}')
        .map((each) => [expression, each])
    })
    expect(wrong).toEqual([])
  })
})

describe('a condition', () => {
  it('holds for a field that is present with null, and not for one that is absent', () => {
    const path = { keys: ['a'], isExact: false, raisesOnTheWay: true, nullIsAbsent: false }
    const present = {
      path,
      kind: 'present',
      values: [],
      letterCase: null,
      raisesOnContainers: false,
    } as const
    expect(holds(present, { A: null })).toBe(true)
    expect(holds(present, { b: 1 })).toBe(false)
  })
})

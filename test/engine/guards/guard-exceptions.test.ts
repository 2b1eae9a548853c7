/** Which exception an operation raises, on values of every kind: a handler that a guard follows depends on it. */
import { expect, it } from 'vitest'
import { comparedOnce, describeWithPython, differencesOf } from './python-answers.ts'

const VALUES = [
  '"a"',
  '"a b"',
  '""',
  '1',
  '1.0',
  'true',
  'null',
  '[]',
  '["a",1,true]',
  '["a","b"]',
  '[["a"],["b"]]',
  '{}',
  '{"a":1,"A":2}',
  '{"1":1,"a":2}',
  '{"a":{"b":"c"}}',
  '"\\u0000s"',
  '["\\u0000s","a"]',
]
const EVENTS = ['{}', ...VALUES.map((value) => `{"x":${value}}`), '{"X":"a"}']

/** Each is tried on `x`; where it raises, the name of the exception is what the matcher returns. */
const EXPRESSIONS = [
  'event["x"]["a"]["b"]',
  'x.get("a").lower()',
  'x[5]',
  'x[None]',
  'x["a":]',
  '[1][True]',
  'x()',
  'int(x)',
  '"".join(x)',
  'x.split("")',
  'x < 5',
  '{x: 1}',
  'x + "a"',
  'x - 1',
  '-x',
  'abs(x)',
  'sorted(x)',
  'max(x)',
  'sum(x)',
  'len(x)',
  'any(x)',
  'dict(x)',
  'set(x)',
  'range(x)',
  '"a" in x',
  '5 in event',
  'x in {"a"}',
  'x.startswith(x)',
  'x.startswith(["a"])',
  'x.replace(1, "b")',
  'x.strip(1)',
  'x.find(None)',
  'x.isdigit()',
  'list(x.items())',
  'x.keys().get("a")',
  'x.append(1)',
  'x.add(1)',
  'x.count("a")',
  'x.index("a")',
  'x.copy()',
  'x.union({1})',
  '{"a"}.intersection(x)',
  'x.deep_get("a")',
  'x.deep_walk("a")',
  'x.udm("a")',
  'event.get(5)',
  'event.get(["a"])',
  'event[["a"]]',
  'event[5]',
  'x.get("a", default=1)',
  '{}.get("a", default=1)',
  'event.deep_walk("x", "a")',
  '[a + b for a, b in x]',
  'x["a"] == 1 and event["y"]',
  '[each.lower() for each in x]',
]

const TYPES = ['KeyError', 'IndexError', 'TypeError', 'AttributeError', 'ValueError']
const HANDLERS = TYPES.map((type) => `    except ${type}:\n        return "${type}"\n`).join('')

const sourceOf = (expression: string) =>
  `def rule(event):\n    try:\n        x = event.get("x")\n        return ${expression}\n${HANDLERS}`

const MIN_KNOWN = 0.6

describeWithPython('exceptions of a guard', () => {
  const cases = EXPRESSIONS.map((expression) => ({ source: sourceOf(expression), events: EVENTS }))
  const comparedCases = comparedOnce(cases)

  it('are those of Python', () => {
    const different = comparedCases().flatMap((each, at) =>
      differencesOf(each).map((difference) => `${EXPRESSIONS[at]}: ${JSON.stringify(difference)}`),
    )
    expect(different).toEqual([])
  })

  it('are known for most operations and values', () => {
    const all = comparedCases().flatMap(({ events }) => events)
    const known = all.filter(({ guard }) => guard !== null)
    expect(known.length / all.length).toBeGreaterThan(MIN_KNOWN)
  })
})

/** What counts as an answer of Python's, and what can only be forged. */
import { describe, expect, it } from 'vitest'
import {
  MalformedResponse,
  readAnalyses,
  readBroken,
  readEvaluation,
  readOutcomes,
} from '../../../src/engine/protocol/driver-response.ts'

const ERROR = {
  type: 'KeyError',
  message: "'x'",
  repr: "KeyError('x')",
  frames: [{ file: 'rules/a.py', line: 1, function: 'rule', source: 'event["x"]' }],
}
const ALL = {
  detection: { output: true },
  title: { output: 'title' },
  description: { error: ERROR },
  severity: { output: 'HIGH' },
  destinations: { output: ['a', 'b'] },
  dedup: { error: { ...ERROR, limit: 'time' } },
  alert_context: { output: '{"n": 53.0}' },
  unique: { output: null },
}
const evaluation = (functions: unknown) => ({ findings: [[0, 1, functions]], output: [[1, 'printed']] })
const outcome = {
  functions: ALL,
  output: '',
  missingMocks: ['get'],
  reads: [{ field: 'a', value: null }],
  durationMs: 0.5,
}

describe('[SEC-2.1] an answer of the agreed form is read', () => {
  it('results of events are read', () => {
    expect(readEvaluation(JSON.stringify(evaluation(ALL)))).toEqual(evaluation(ALL))
    expect(readEvaluation('null')).toBeNull()
  })

  it('outcomes of test calls are read', () => {
    expect(readOutcomes(JSON.stringify([outcome]), 1)).toEqual([outcome])
  })

  it('recorded lines are read', () => {
    const followed = { ...outcome, lines: { executable: [1, 2, 5], run: [] } }
    expect(readOutcomes(JSON.stringify([followed]), 1)).toEqual([followed])
  })

  it('bodies that could not be loaded are read', () => {
    expect(readBroken(JSON.stringify([{ body: 1, error: ERROR }]), 2)).toEqual([{ body: 1, error: ERROR }])
  })
})

const FUNCTIONS: readonly [name: string, functions: unknown][] = [
  ['functions that are a list', []],
  ['a matcher that says 1', { detection: { output: 1 } }],
  ['a title that is a number', { title: { output: 5 } }],
  ['a title that is an object', { title: { output: { toString: 1 } } }],
  ['a title of null', { title: { output: null } }],
  ['destinations that are no texts', { destinations: { output: [{}] } }],
  ['destinations that are a text', { destinations: { output: 'all' } }],
  ['a context that is no text', { alert_context: { output: {} } }],
  ['a context that would add fields', { alert_context: { output: '{}, "id": "other", "more": {}' } }],
  ['a context that is no object', { alert_context: { output: '[]' } }],
  ['an unknown function', { shell: { output: 'x' } }],
  ['neither output nor error', { title: {} }],
  ['both output and error', { title: { output: '', error: ERROR } }],
  ['an error without frames', { title: { error: { ...ERROR, frames: undefined } } }],
  ['an error with a frame of another kind', { title: { error: { ...ERROR, frames: [{ file: 1 }] } } }],
  ['an error with more in it', { title: { error: { ...ERROR, severity: 'INFO' } } }],
]

describe('[SEC-2.1] anything else is forged', () => {
  it.each(FUNCTIONS)('%s', (_, functions) => {
    expect(() => readEvaluation(JSON.stringify(evaluation(functions)))).toThrow(MalformedResponse)
    expect(() => readOutcomes(JSON.stringify([{ ...outcome, functions }]), 1)).toThrow(MalformedResponse)
  })

  it.each([
    'oops',
    '',
    '5',
    '[]',
    '{}',
    '{"findings": []}',
    '{"findings": [[0, 1]], "output": []}',
    '{"findings": [[-1, 1, {}]], "output": []}',
    '{"findings": [[0, 1.5, {}]], "output": []}',
    '{"findings": [[0, 1, {"__proto__": {"output": ""}}]], "output": []}',
    '{"findings": [], "output": [[0, 5]]}',
    '{"findings": [], "output": [], "__proto__": {}}',
  ])('%s', (text) => {
    expect(() => readEvaluation(text)).toThrow(MalformedResponse)
  })

  it('a response with more or fewer outcomes than calls is refused', () => {
    expect(() => readOutcomes(JSON.stringify([outcome]), 2)).toThrow(MalformedResponse)
  })

  const tooMany = Array.from({ length: 100_001 }, (_, line) => line + 1)
  it.each([
    ['that is none', ['1']],
    ['before the first', [0]],
    ['that is no whole number', [1.5]],
    ['listed twice', [1, 1]],
    ['out of order', [2, 1]],
    ['of more than any source has', tooMany],
    ['in no list', {}],
  ])('a recorded line %s is refused', (_, run) => {
    const forged = [{ ...outcome, lines: { executable: [1, 2], run } }]
    expect(() => readOutcomes(JSON.stringify(forged), 1)).toThrow(MalformedResponse)
  })

  const location = { file: 'a.py', line: 1, column: 1 }
  const factsOf = (outcome: unknown) => ({
    functions: [],
    imports: [{ module: 'a', name: null, line: 1 }],
    returns: { title: { location, outcomes: [outcome] } },
    followed: [],
  })

  it.each([
    { kind: 'text', value: 'a', location },
    { kind: 'list', items: [{ value: 'a', location }], exact: true, closed: false, location },
    { kind: 'none', location },
    { kind: 'other', type: 'int', location },
    { kind: 'unknown', event: false, location },
  ])('facts of the agreed form are passed on: $kind', (outcome) => {
    const analyses = [
      { facts: null, code: null, guard: null },
      { facts: factsOf(outcome), code: 'YQ==', guard: '{}' },
    ]
    expect(readAnalyses(JSON.stringify(analyses), 2)).toEqual(analyses)
  })

  it.each([
    ['another number of bodies', [null]],
    ['no such kind', [null, factsOf({ kind: 'toString', location })]],
    ['no kind', [null, factsOf({ location })]],
    ['a location without a file', [null, factsOf({ kind: 'none', location: { line: 1, column: 1 } })]],
    ['more than was asked', [null, factsOf({ kind: 'none', location, more: 1 })]],
    ['another function', [null, { ...factsOf(null), returns: { rule: { location, outcomes: [] } } }]],
    ['no functions', [null, { ...factsOf({ kind: 'none', location }), functions: undefined }]],
  ])('analyses with invalid facts are refused: %s', (_, answer) => {
    const analyses = answer.map((facts) => ({ facts, code: null, guard: null }))
    expect(() => readAnalyses(JSON.stringify(analyses), 2)).toThrow(MalformedResponse)
  })

  it.each([
    ['that is no text', 1],
    ['that is missing', undefined],
  ])('an analysis with a guard %s is refused', (_, guard) => {
    const analyses = [{ facts: null, code: null, guard }]
    expect(() => readAnalyses(JSON.stringify(analyses), 1)).toThrow(MalformedResponse)
  })

  it('a broken body that is not there', () => {
    expect(() => readBroken(JSON.stringify([{ body: 2, error: ERROR }]), 2)).toThrow(MalformedResponse)
  })
})

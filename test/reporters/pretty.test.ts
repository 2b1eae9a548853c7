import { describe, expect, it } from 'vitest'
import type { DetectionResult, TestResult } from '../../src/model/events/test-result.ts'
import { plainStyle } from '../../src/reporters/parts/terminal-text.ts'
import createPretty from '../../src/reporters/pretty.ts'
import { detectionResult, keyError, testResult } from './results.ts'

function shown(result: DetectionResult, failuresOnly = false): string[] {
  return createPretty({ style: plainStyle, failuresOnly, pathPrefix: '' })
    .result(result)
    .split('\n')
    .slice(0, -1)
}

function failed(more: Partial<TestResult>): DetectionResult {
  return detectionResult({
    status: 'failed',
    tests: [testResult({ status: 'failed', ...more }), testResult({ name: 'fine' })],
  })
}

describe('one line per detection', () => {
  it.each<[string, Partial<DetectionResult>, string]>([
    ['passed', {}, 'PASS      AWS.Root.Login  1 test'],
    [
      'slow',
      { tests: [testResult({ durationMs: 400 }), testResult({ durationMs: 1100 })] },
      'PASS      AWS.Root.Login  2 tests  1.5 s',
    ],
    ['untested', { status: 'untested', tests: [] }, 'UNTESTED  AWS.Root.Login  rules/aws/root.yml'],
    ['invalid', { status: 'invalid', tests: [] }, 'INVALID   AWS.Root.Login  rules/aws/root.yml'],
    [
      'skipped',
      { status: 'skipped', tests: [testResult({ status: 'skipped' })] },
      'SKIP      AWS.Root.Login  0 of 1 test passed  rules/aws/root.yml',
    ],
  ])('%s', (_name, more, expected) => {
    expect(shown(detectionResult(more))).toEqual([expected])
  })
})

it('a failing case shows its source location, the expected and the actual value, and its output', () => {
  const failures = [
    { what: 'ExpectedTitle' as const, expected: 'Root', actual: 'root', message: 'unused' },
    {
      what: 'ExpectedSeverity' as const,
      expected: 'LOW',
      actual: null,
      message: 'the case creates no alert',
    },
  ]
  expect(shown(failed({ failures, output: 'hello\nworld\n' }))).toEqual([
    'FAIL      AWS.Root.Login  1 of 2 tests passed  rules/aws/root.yml',
    '  ✗ root logs in  rules/aws/root.yml:12',
    '      ExpectedTitle',
    '        expected  "Root"',
    '        actual    "root"',
    '      the case creates no alert',
    '      printed:',
    '        | hello',
    '        | world',
  ])
})

it('long texts show the first difference, lists the missing items, and a context only its differences', () => {
  const failures = [
    {
      what: 'ExpectedTitle' as const,
      expected: 'ann logged in twice',
      actual: 'ann logged on twice',
      message: '',
    },
    { what: 'ExpectedDestinations' as const, expected: ['a', 'b'], actual: ['b', 'c'], message: '' },
    {
      what: 'ExpectedAlertContext' as const,
      expected: { u: { n: 1, id: 2 } },
      actual: { u: { n: 2 } },
      message: '',
    },
  ]
  const reads = [
    { field: 'user', value: '"ann"' },
    { field: 'a.b', value: null },
  ]
  expect(shown(failed({ failures, reads, route: null })).slice(2)).toEqual([
    '      ExpectedTitle',
    '        expected  "ann logged in twice"',
    '        actual    "ann logged on twice"',
    '                              ^',
    '      ExpectedDestinations',
    '        expected  ["a","b"]',
    '        actual    ["b","c"]',
    '        lacks       "a"',
    '        unexpected  "c"',
    '      ExpectedAlertContext',
    '        at u.n',
    '        expected  1',
    '        actual    2',
    '        at u.id',
    '        expected  2',
    '        actual    absent',
    '      event fields read:',
    '        user  "ann"',
    '        a.b   absent',
  ])
})

it("an error in the body shows the author's frames with their source lines", () => {
  const failures = [
    {
      what: 'function' as const,
      expected: null,
      actual: keyError,
      message: "title() raised KeyError('user')",
    },
  ]
  expect(shown(failed({ failures })).slice(2)).toEqual([
    "      title() raised KeyError('user')",
    '        at rules/aws/root.py:7 in rule',
    '           return name(event)',
    '        at global_helpers/names.py:3 in name',
    '           return event["user"]',
  ])
})

it('a failed routing expectation shows the route, level by level', () => {
  const failures = [
    { what: 'ExpectedDestinations' as const, expected: ['a'], actual: ['soc-slack'], message: 'unused' },
  ]
  expect(shown(failed({ failures })).slice(7)).toEqual([
    '      route: soc-slack, soc-inbox (static-severity)',
    '        - generated-destinations  destinations() returned None',
    '        - static-destinations     OutputIds is not set',
    '        * static-severity         HIGH goes to [soc-slack, soc-inbox]',
    '                                  unknown: ghost',
    '                                  dropped: soc-pager, its logTypes do not match',
    '                                  dropped: soc-old, disabled',
    '        ! "ghost" is no destination',
  ])
})

it('only the last lines of a long output are shown', () => {
  const output = Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n')
  const lines = shown(failed({ output }))
  expect(lines).toContain('        | ... 10 lines before')
  expect(lines).toContain('        | line 29')
  expect(lines).not.toContain('        | line 9')
})

it('warnings and unchecked expectations are listed once per detection', () => {
  const warnings = ['no destination accepts it']
  const skippedExpectations = [{ what: 'ExpectedRoute' as const, reason: 'no registry' }]
  const tests = [testResult({ warnings, skippedExpectations }), testResult({ warnings })]
  expect(shown(detectionResult({ tests })).slice(1)).toEqual([
    '  ! no destination accepts it',
    '  ! ExpectedRoute was not checked: no registry',
  ])
})

it('too few tests are reported, and a body that cannot be loaded is not reported twice', () => {
  const problem = { severity: 'error' as const, file: 'rules/aws/root.yml', line: 1, column: 1, hint: null }
  const problems = [
    { ...problem, code: 'minimum-tests' as const, message: '1 of at least 2 tests' },
    { ...problem, code: 'python-error' as const, message: 'SyntaxError: invalid syntax' },
  ]
  expect(shown(detectionResult({ status: 'failed', problems })).slice(1)).toEqual([
    '  ✗ 1 of at least 2 tests',
  ])
})

it('text of a detection cannot control the terminal', () => {
  const evil = '\u001b[2Jgone\r\n\u202e'
  const text = shown(failed({ name: evil, output: evil, warnings: [evil] })).join('\n')
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u)
  expect(text).toContain('\\u001b[2Jgone\\r\\n\\u202e')
})

it('--show-failures-only omits passed detections and remarks', () => {
  expect(shown(detectionResult({ tests: [testResult({ warnings: ['w'] })] }), true)).toEqual([])
  expect(shown(failed({ warnings: ['w'] }), true).join('\n')).not.toContain('! w')
})

const NONE = { total: 0, passed: 0, failed: 0, skipped: 0, invalid: 0 }

it.each([
  [
    { total: 0, passed: 0, failed: 0, untested: 0, invalid: 0, skipped: 0 },
    { total: 0, passed: 0, failed: 0, skipped: 0 },
    { total: 3, passed: 1, failed: 1, skipped: 1, invalid: 1 },
    'Detections  none\nTests       none  250 ms\nUnit tests  1 passed, 1 failed, 1 invalid, 1 skipped',
  ],
  [
    { total: 9, passed: 4, failed: 2, untested: 1, invalid: 1, skipped: 1 },
    { total: 7, passed: 5, failed: 2, skipped: 0 },
    NONE,
    'Detections  4 passed, 2 failed, 1 invalid, 1 untested, 1 skipped\nTests       5 passed, 2 failed  250 ms',
  ],
  [
    { total: 0, passed: 0, failed: 0, untested: 0, invalid: 0, skipped: 0 },
    { total: 0, passed: 0, failed: 0, skipped: 0 },
    NONE,
    'Detections  none\nTests       none  250 ms',
  ],
])('the summary names every outcome that occurred', (detections, tests, unitTests, expected) => {
  const reporter = createPretty({ style: plainStyle, failuresOnly: false, pathPrefix: '' })
  const text = reporter.end({
    summary: { detections, tests, unitTests, durationMs: 250 },
    results: [],
    problems: [],
  })
  expect(text).toBe(`\n${expected}\n`)
})

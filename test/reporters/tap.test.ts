import { expect, it } from 'vitest'
import { plainStyle } from '../../src/reporters/parts/terminal-text.ts'
import createTap from '../../src/reporters/tap.ts'
import { summarise } from '../../src/testing/run-tests.ts'
import { detectionResult, testResult } from './results.ts'

it('the output has a point per case, diagnostics below failures, and the plan at the end', () => {
  const results = [
    detectionResult({ tests: [testResult({ name: 'issue #7' })] }),
    detectionResult({ id: 'U', status: 'untested', tests: [] }),
    detectionResult({
      id: 'S',
      status: 'skipped',
      tests: [testResult({ status: 'skipped', warnings: ['no Python'] })],
    }),
    detectionResult({
      id: 'F',
      status: 'failed',
      tests: [
        testResult({
          status: 'failed',
          failures: [{ what: 'ExpectedResult', expected: true, actual: false, message: 'rule() said no' }],
        }),
      ],
    }),
  ]
  const reporter = createTap({ style: plainStyle, failuresOnly: false, pathPrefix: '' })
  const text =
    results.map((result) => reporter.result(result)).join('') +
    reporter.end({ results, summary: summarise(results, 1), problems: [] })
  expect(text).toBe(`TAP version 14
ok 1 - AWS.Root.Login: issue \\#7
# untested: U (rules/aws/root.yml)
ok 2 - S: root logs in # SKIP no Python
not ok 3 - F: root logs in
  ---
  message: "rule() said no"
  severity: fail
  at:
    file: "rules/aws/root.yml"
    line: 12
  details: |
    ExpectedResult
      expected  true
      actual    false
  ...
# 1 passed, 1 failed, 1 skipped
1..3
`)
})

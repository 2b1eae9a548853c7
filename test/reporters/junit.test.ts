import { expect, it } from 'vitest'
import type { DetectionResult } from '../../src/model/events/test-result.ts'
import createJunit from '../../src/reporters/junit.ts'
import { plainStyle } from '../../src/reporters/parts/terminal-text.ts'
import { summarise } from '../../src/testing/run-tests.ts'
import { detectionResult, testResult } from './results.ts'

function xmlOf(results: readonly DetectionResult[], failuresOnly = false): string {
  const reporter = createJunit({ style: plainStyle, failuresOnly, pathPrefix: '' })
  return reporter.end({ results, summary: summarise(results, 1_500), problems: [] })
}

const failed = testResult({
  name: 'a <b>',
  status: 'failed',
  output: 'x & y',
  failures: [
    {
      what: 'ExpectedResult',
      expected: true,
      actual: false,
      message: 'rule() returned false, expected true',
    },
  ],
})

it('the document has a suite per detection, a case per test, counts and seconds', () => {
  const results = [
    detectionResult({ tests: [testResult()] }),
    detectionResult({ id: 'B', status: 'failed', tests: [failed] }),
  ]
  expect(xmlOf(results)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="signalbox" tests="2" failures="1" errors="0" skipped="0" time="1.500">
<testsuite name="AWS.Root.Login" file="rules/aws/root.yml" tests="1" failures="0" errors="0" skipped="0" time="0.000">
<testcase classname="AWS.Root.Login" name="root logs in" file="rules/aws/root.yml" line="12" time="0.000"/>
</testsuite>
<testsuite name="B" file="rules/aws/root.yml" tests="1" failures="1" errors="0" skipped="0" time="0.000">
<testcase classname="B" name="a &lt;b&gt;" file="rules/aws/root.yml" line="12" time="0.000">
<failure message="rule() returned false, expected true">ExpectedResult
  expected  true
  actual    false
printed:
  | x &amp; y</failure>
<system-out>x &amp; y</system-out>
</testcase>
</testsuite>
</testsuites>
`)
})

it('a body that could not be loaded is an error, too few tests a failure, a skipped case says why', () => {
  const problem = {
    severity: 'error' as const,
    code: 'python-error' as const,
    message: 'no',
    file: 'a.py',
    line: 2,
    column: 1,
    hint: null,
  }
  const xml = xmlOf([
    detectionResult({ id: 'Invalid', status: 'invalid', tests: [], problems: [problem] }),
    detectionResult({ id: 'Poor', status: 'failed', problems: [{ ...problem, code: 'minimum-tests' }] }),
    detectionResult({ status: 'skipped', tests: [testResult({ status: 'skipped', warnings: ['why'] })] }),
  ])
  expect(xml).toContain('<testsuites name="signalbox" tests="4" failures="1" errors="1" skipped="1"')
  expect(xml).toContain('<error message="no">a.py:2</error>')
  expect(xml).toContain('<failure message="no">a.py:2</failure>')
  expect(xml).toContain('<skipped message="why"/>')
})

it('with failures only the totals are still those of the whole run', () => {
  const xml = xmlOf(
    [detectionResult(), detectionResult({ id: 'B', status: 'failed', tests: [failed] })],
    true,
  )
  expect(xml).toContain('<testsuites name="signalbox" tests="2" failures="1"')
  expect(xml.match(/<testsuite /g)).toHaveLength(1)
})

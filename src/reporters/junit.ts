/** The JUnit reporter for CI servers: a suite per detection and a case per test. A file that could not be loaded is an error. */

import type { DetectionResult, TestResult } from '../model/events/test-result.ts'
import type { Problem } from '../model/project/problem.ts'
import type { CreateReporter, TestRun } from './_reporter.ts'
import { formatFailure } from './parts/failure.ts'
import { problemText, unreportedErrors } from './parts/problem-line.ts'
import { plainStyle } from './parts/terminal-text.ts'
import { escapeXml, xmlElement } from './parts/xml-element.ts'

interface Suite {
  readonly name: string
  readonly file: string
  readonly cases: readonly Case[]
}

interface Case {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly durationMs: number
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped'
  readonly message: string
  readonly text: string
  readonly output: string
}

const createJunit: CreateReporter = ({ failuresOnly }) => ({
  result: () => '',
  end: (run) => {
    const suites = suitesOf(run)
    const all = suites.flatMap(({ cases }) => cases)
    const shown = failuresOnly ? suites.filter(({ cases }) => cases.some(isBad)) : suites
    return `<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement(
      'testsuites',
      { name: 'signalbox', ...counts(all), time: seconds(run.summary.durationMs) },
      shown.map(suiteXml),
    )}\n`
  },
})

export default createJunit

function suitesOf(run: TestRun): Suite[] {
  const suites = run.results.map((result) => ({
    name: result.id,
    file: result.file,
    cases: [...result.problems.map((problem) => problemCase(problem, result)), ...result.tests.map(testCase)],
  }))
  const lost = unreportedErrors(run)
  if (lost.length === 0) return suites
  return [...suites, { name: 'files', file: '', cases: lost.map((problem) => problemCase(problem)) }]
}

function testCase(test: TestResult): Case {
  const { name, file, line, durationMs, output } = test
  const base = { name, file, line, durationMs, output, message: '', text: '' }
  if (test.status === 'skipped') return { ...base, outcome: 'skipped', message: test.warnings.join('; ') }
  if (test.status === 'passed') return { ...base, outcome: 'passed' }
  const message = test.failures.map((failure) => failure.message).join('; ')
  return { ...base, outcome: 'failure', message, text: formatFailure(test, plainStyle).join('\n') }
}

/** A detection with too few tests is a failure, and a file that could not be loaded is an error. */
function problemCase(problem: Problem, { status }: Partial<DetectionResult> = {}): Case {
  const { file, line, code } = problem
  return {
    name: code,
    file,
    line,
    durationMs: 0,
    outcome: status === 'failed' ? 'failure' : 'error',
    message: problemText(problem),
    text: `${file}:${line}`,
    output: '',
  }
}

function suiteXml({ name, file, cases }: Suite): string {
  const time = seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0))
  return xmlElement(
    'testsuite',
    { name, ...(file && { file }), ...counts(cases), time },
    cases.map((each) => caseXml(each, name)),
  )
}

function caseXml(each: Case, classname: string): string {
  const { name, file, line, durationMs, outcome, message, text, output } = each
  const verdict =
    outcome === 'passed' ? [] : [xmlElement(outcome, { message }, text === '' ? [] : [escapeXml(text)], '')]
  const printed = output === '' ? [] : [xmlElement('system-out', {}, [escapeXml(output)], '')]
  return xmlElement('testcase', { classname, name, file, line, time: seconds(durationMs) }, [
    ...verdict,
    ...printed,
  ])
}

function counts(cases: readonly Case[]): Record<string, number> {
  const count = (outcome: Case['outcome']) => cases.filter((each) => each.outcome === outcome).length
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  }
}

function isBad({ outcome }: Case): boolean {
  return outcome === 'failure' || outcome === 'error'
}

function seconds(durationMs: number): string {
  return (durationMs / 1_000).toFixed(3)
}

/** What every reporter of the catalog must do: report every failure, escape every text, write nothing but its output. */
import { describe, expect, it } from 'vitest'
import type { DetectionResult } from '../../src/model/events/test-result.ts'
import { REPORTERS } from '../../src/reporters/_catalog.ts'
import type { TestRun } from '../../src/reporters/_reporter.ts'
import { plainStyle } from '../../src/reporters/parts/terminal-text.ts'
import { summarise } from '../../src/testing/run-tests.ts'
import { detectionResult, keyError, testResult } from '../reporters/results.ts'

const HOSTILE = 'evil\u001b[31m <b>&"\u0000 %0A::error::x\nnot ok 9 # SKIP ]]>\ud800'
const failed = testResult({
  name: 'title is wrong',
  status: 'failed',
  failures: [
    {
      what: 'ExpectedTitle',
      expected: 'Ann',
      actual: 'Bob',
      message: 'ExpectedTitle: expected "Ann", got "Bob"',
    },
  ],
})
const raised = testResult({
  name: HOSTILE,
  status: 'failed',
  output: HOSTILE,
  failures: [
    { what: 'function', expected: null, actual: { ...keyError, message: HOSTILE }, message: HOSTILE },
  ],
})
const results: DetectionResult[] = [
  detectionResult(),
  detectionResult({ id: 'B.Failed', status: 'failed', tests: [failed, raised] }),
  detectionResult({ id: 'C.Untested', status: 'untested', tests: [] }),
  detectionResult({
    id: 'D.Skipped',
    status: 'skipped',
    tests: [testResult({ status: 'skipped', warnings: ['why not'] })],
  }),
  detectionResult({
    id: 'E.Invalid',
    file: 'rules/e.yml',
    status: 'invalid',
    tests: [],
    problems: [
      {
        severity: 'error',
        code: 'python-error',
        message: 'SyntaxError: no',
        file: 'rules/e.py',
        line: 2,
        column: 1,
        hint: null,
      },
    ],
  }),
]
const lost = {
  severity: 'error' as const,
  code: 'unknown-key' as const,
  message: 'unknown key "Severty"',
  file: 'rules/lost.yml',
  line: 3,
  column: 1,
  hint: 'did you mean "Severity"?',
}
const run: TestRun = { results, summary: summarise(results, 12), problems: [lost] }

describe.each(Object.entries(REPORTERS))('%s', (_name, load) => {
  async function report(failuresOnly = false): Promise<string> {
    const reporter = (await load()).default({ style: plainStyle, failuresOnly, pathPrefix: '' })
    return results.map((result) => reporter.result(result)).join('') + reporter.end(run)
  }

  it('names what failed, with expected and actual, and what could not be loaded', async () => {
    const text = await report()
    for (const part of ['B.Failed', 'title is wrong', 'Ann', 'Bob', 'global_helpers/names.py'])
      expect(text).toContain(part)
  })

  it('reports every failure with failures only', async () => {
    const text = await report(true)
    for (const part of ['B.Failed', 'title is wrong']) expect(text).toContain(part)
    expect(text).not.toContain('C.Untested')
  })

  it('passes on no control character but line ends, and each text ends whole', async () => {
    const text = await report()
    expect(text).not.toMatch(/[^\P{Cc}\n\t]/u)
    expect(text.isWellFormed()).toBe(true)
    expect(text.endsWith('\n')).toBe(true)
  })

  it('does not crash and reports no success for a run without results', async () => {
    const reporter = (await load()).default({ style: plainStyle, failuresOnly: false, pathPrefix: '' })
    const empty = reporter.end({ results: [], summary: summarise([], 0), problems: [] })
    expect(empty).not.toMatch(/\bok 1\b|[1-9]\d* passed/)
  })
})

describe.each(['json', 'junit', 'github', 'tap'])('%s is for machines', (name) => {
  it('reports files that could not be loaded', async () => {
    const reporter = (await REPORTERS[name]!()).default({
      style: plainStyle,
      failuresOnly: true,
      pathPrefix: '',
    })
    const text = results.map((result) => reporter.result(result)).join('') + reporter.end(run)
    for (const part of ['rules/lost.yml', 'Severty', 'rules/e.py', 'SyntaxError'])
      expect(text).toContain(part)
  })
})

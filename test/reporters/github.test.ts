import { expect, it } from 'vitest'
import createGithub from '../../src/reporters/github.ts'
import { plainStyle } from '../../src/reporters/parts/terminal-text.ts'
import { summarise } from '../../src/testing/run-tests.ts'
import { detectionResult, testResult } from './results.ts'

const failed = detectionResult({
  id: 'A:1,2',
  status: 'failed',
  tests: [
    testResult({
      status: 'failed',
      failures: [{ what: 'ExpectedTitle', expected: '100%', actual: '</details>', message: 'm' }],
    }),
    testResult({ name: 'warned', warnings: ['no destination accepts HIGH'] }),
  ],
})
const problem = {
  code: 'unknown-key',
  message: 'no',
  file: 'b.yml',
  line: 0,
  column: 1,
  hint: 'this?',
} as const
const run = {
  results: [failed],
  summary: summarise([failed], 1),
  problems: [
    { ...problem, severity: 'error' as const },
    { ...problem, severity: 'warning' as const, line: 7 },
  ],
}
const reporter = () => createGithub({ style: plainStyle, failuresOnly: false, pathPrefix: 'content/' })

it('annotations are at the lines concerned, and text of authors cannot end or start a command', () => {
  const github = reporter()
  expect((github.result(failed) + github.end(run)).split('\n')).toEqual([
    '::error file=content/rules/aws/root.yml,line=12,title=A%3A1%2C2%3A root logs in::ExpectedTitle%0A  expected  "100%25"%0A  actual    "</details>"',
    '::warning file=content/rules/aws/root.yml,line=12,title=A%3A1%2C2%3A warned::no destination accepts HIGH',
    '::error file=content/b.yml,line=1,title=unknown-key::no (this?)',
    '::warning file=content/b.yml,line=7,title=unknown-key::no (this?)',
    '',
  ])
})

it('the summary has counts and each failure in a block that its text cannot end', () => {
  const summary = reporter().stepSummary!(run)
  expect(summary).toContain(
    '| Detections | 0 | 1 | 0 | 0 | 0 |\n| Tests | 1 | 1 |  |  | 0 |\n| Unit tests | 0 | 0 | 0 |  | 0 |',
  )
  expect(summary).toContain('<summary>A:1,2: root logs in (rules/aws/root.yml:12)</summary>')
  expect(summary).toContain('\n      actual    "</details>"\n')
  expect(summary).toContain('<summary>b.yml (b.yml:0)</summary>')
})

it('a long list of failures is truncated and reports that', () => {
  const many = Array.from({ length: 130 }, () => failed)
  const summary = reporter().stepSummary!({
    ...run,
    results: many,
    summary: summarise(many, 1),
    problems: [],
  })
  expect(summary).toContain('and 30 more')
})

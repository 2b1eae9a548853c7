/** The text of a problem. */
import { describe, expect, it } from 'vitest'
import { formatProblem, ProblemList } from '../../../src/config/files/problems.ts'
import { SourceText } from '../../../src/config/files/source-text.ts'
import type { Problem } from '../../../src/model/project/problem.ts'
import { load, rule } from '../_project.ts'

const PROBLEM: Problem = {
  severity: 'error',
  code: 'unknown-key',
  message: 'unknown key "Sevrity"',
  file: 'rules/a.yml',
  line: 12,
  column: 3,
  hint: 'did you mean "Severity"?',
  source: '  Sevrity: High',
}

describe('formatProblem', () => {
  it('formatProblem shows location, line, caret and hint', () => {
    expect(formatProblem(PROBLEM).split('\n')).toEqual([
      'rules/a.yml:12:3 error unknown key "Sevrity" [unknown-key]',
      '  12 |   Sevrity: High',
      '     |   ^',
      '  hint: did you mean "Severity"?',
    ])
  })

  it('formatProblem shows only the file for a problem of the whole file', () => {
    const whole: Problem = { ...PROBLEM, line: 0, column: 0, hint: null, source: undefined }
    expect(formatProblem(whole)).toBe('rules/a.yml error unknown key "Sevrity" [unknown-key]')
  })

  it('formatProblem puts the caret under its character in a line of any length', () => {
    const source = `${'x'.repeat(5_000)}HERE${'y'.repeat(5_000)}`
    const [, line, caret] = formatProblem({ ...PROBLEM, source, column: 5_001 }).split('\n')
    expect(line!.length).toBeLessThan(120)
    expect(line!.slice(caret!.indexOf('^'))).toMatch(/^HERE/)
  })

  it('formatProblem prints no control characters', () => {
    const text = formatProblem({
      ...PROBLEM,
      message: 'a\u001b[31m',
      source: '\t\u001b]0;x\u0007Key',
      hint: '\u009b',
    })
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })
})

describe('source locations', () => {
  it.each([
    [0, 1, 1],
    [1, 1, 2],
    [3, 2, 1],
    [5, 3, 1],
    [6, 4, 1],
    [99, 4, 94],
  ])('offset %d is %d:%d', (offset, line, column) => {
    expect(new SourceText('f', 'ab\nc\n\nd').locationAt(offset)).toEqual({ file: 'f', line, column })
  })

  it('the source line has no carriage return', () => {
    expect(new SourceText('f', 'a\r\nb').line(1)).toBe('a')
  })
})

describe('ProblemList', () => {
  it('ProblemList sorts by location and knows which files failed', () => {
    const problems = new ProblemList()
    const source = new SourceText('b.yml', 'x: 1\ny: 2\n')
    problems.error(source, 5, { code: 'bad-value', message: '' })
    problems.warning(source, 0, { code: 'dedup-period', message: '' })
    problems.file('warning', 'a.yml', { code: 'unused-body', message: '' })
    expect(problems.sorted().map(({ code }) => code)).toEqual(['unused-body', 'dedup-period', 'bad-value'])
    expect(problems.hasError('b.yml')).toBe(true)
    expect(problems.hasError('a.yml')).toBe(false)
  })
})

describe('messages', () => {
  it.each([
    ['Sevrity: x\n', 'unknown key "Sevrity"', 'did you mean "Severity"?'],
    ['Reports: { CIS: x }\n', 'Reports.CIS must be a list', null],
    [
      'Tests: [{ Name: a, ExpectedResult: 1, Log: {} }]\n',
      'Tests[0].ExpectedResult must be true or false',
      null,
    ],
    ['DisplayName: "<b>"\n', 'DisplayName must be text without any of < > & " %', null],
    ['Tags: [a, a]\n', 'Tags contains the same item twice', null],
    ['Detection: []\n', 'exactly one of Filename, Detection is required', null],
  ])('%j: %s', async (extra, message, hint) => {
    const project = await load({ 'rules/a.yml': rule('A', extra), 'rules/body.py': '' })
    expect(project.problems).toMatchObject([{ message, hint }])
  })
})

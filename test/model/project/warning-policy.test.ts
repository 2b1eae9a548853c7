/** The policy over every code, and its page. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../../src/model/project/problem.ts'
import {
  filesNotLoaded,
  judgedProblems,
  reportedProblems,
  WARNING_CODES,
  type WarningCode,
} from '../../../src/model/project/warning-policy.ts'

const OPTIONAL_ERRORS: readonly WarningCode[] = ['missing-analysis-type', 'unknown-analysis-type']
const NONE = { error: [], off: [] }

function problem(code: Problem['code'], severity: Problem['severity'] = 'warning'): Problem {
  return { code, severity, message: 'm', file: `${code}.yml`, line: 1, column: 1, hint: null }
}

describe.each(WARNING_CODES)('a warning %s', (code) => {
  it('becomes an error that keeps its file, where it is listed under error', () => {
    expect(judgedProblems([problem(code)], { ...NONE, error: [code] })).toEqual([
      { ...problem(code, 'error'), keepsFile: true },
    ])
  })

  it('a warning stays a warning without the setting', () => {
    expect(judgedProblems([problem(code)], NONE)).toEqual([problem(code)])
  })

  it('is not reported where it is listed under off', () => {
    const other = problem('duplicate-id')
    expect(reportedProblems([problem(code), other], { ...NONE, off: [code] })).toEqual([other])
  })

  it('is listed on the page of problem codes', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/problem-codes.md'), 'utf8')
    expect(page).toContain(`\`${code}\``)
  })

  it('cannot be turned off as an error, except a file that may belong to another tool', () => {
    const reported = reportedProblems([problem(code, 'error')], { ...NONE, off: [code] })
    expect(reported).toHaveLength(OPTIONAL_ERRORS.includes(code) ? 0 : 1)
  })
})

it('files that are not loaded are those with an error, or with a warning that says so', () => {
  const problems = [
    problem('bad-value', 'error'),
    problem('unused-body'),
    problem('dedup-period'),
    { ...problem('duplicate-test', 'error'), keepsFile: true },
    { ...problem('bad-value', 'error'), file: 'signalbox.yaml' },
  ]
  expect(filesNotLoaded(problems, ['signalbox.yaml'])).toEqual(['bad-value.yml', 'unused-body.yml'])
})

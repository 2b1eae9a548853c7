/** Generated pages agree with the code; `npm run docs` writes them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GENERATED_PAGES, generatedText, NOTICE } from '../../scripts/docs/generated-pages.ts'
import { PROBLEM_DESCRIPTIONS, PROBLEM_GROUPS } from '../../scripts/docs/problem-descriptions.ts'
import type { ProblemCode } from '../../src/model/problem-code.ts'
import { WARNING_CODES } from '../../src/model/project/warning-policy.ts'
import { markdownPages, REPOSITORY } from './markdown-pages.ts'

/** Files with one fault each; their first line says which. */
const FAULTS = ['specs', 'destinations', 'settings'].flatMap((kind) => {
  const folder = join(REPOSITORY, 'test/config/faults', kind)
  return readdirSync(folder).map((name) => {
    const [, severity = '', code = ''] = readFileSync(join(folder, name), 'utf8')
      .split('\n', 1)[0]!
      .split(' ')
    return { code: code as ProblemCode, severity }
  })
})

describe('generated pages', () => {
  it.each(GENERATED_PAGES)('$path is up to date', (page) => {
    expect(readFileSync(join(REPOSITORY, page.path), 'utf8')).toBe(generatedText(page))
  })

  it('every page that says it is generated is listed', () => {
    const marked = markdownPages().filter(({ text }) => text.includes(NOTICE))
    expect(marked.map(({ path }) => path)).toEqual(GENERATED_PAGES.map(({ path }) => path).sort())
  })
})

describe('the page of problem codes', () => {
  const listed = Object.values(PROBLEM_GROUPS).flatMap((group) => Object.entries(group))

  it('lists each described code once', () => {
    expect(listed.map(([code]) => code).sort()).toEqual(Object.keys(PROBLEM_DESCRIPTIONS).sort())
  })

  it('describes no code that the sources do not report', () => {
    const sources = readdirSync(join(REPOSITORY, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(REPOSITORY, 'src', name), 'utf8'))
      // A list of codes reports none of them.
      .filter((text) => !/(?:LINT|WARNING)_CODES = \[|type ProblemCode =/.test(text))
    const unused = listed.filter(([code]) => !sources.some((text) => text.includes(`'${code}'`)))
    expect(unused.map(([code]) => code)).toEqual([])
  })

  it('calls exactly those codes warnings that a setting can turn off', () => {
    const optionalErrors = ['missing-analysis-type', 'unknown-analysis-type']
    const warnings = listed.filter(([, { severity }]) => severity !== 'error').map(([code]) => code)
    expect([...warnings, ...optionalErrors].sort()).toEqual([...WARNING_CODES].sort())
  })

  it.each(FAULTS)('gives $code the severity that a file with this fault has', ({ code, severity }) => {
    expect(PROBLEM_DESCRIPTIONS[code].severity.split(' or ')).toContain(severity)
  })
})

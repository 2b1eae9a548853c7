/** Equal problems are one entry with a count and the first source locations. */
import { describe, expect, it } from 'vitest'
import { shownProblems } from '../../../src/config/files/folded-problems.ts'
import type { Problem } from '../../../src/model/project/problem.ts'

function problems(count: number, over: Partial<Problem> = {}): Problem[] {
  return Array.from({ length: count }, (_, at) => ({
    severity: 'error',
    code: 'python-error',
    message: "No module named 'absent'",
    file: `rules/r${at}.py`,
    line: 1,
    column: 8,
    hint: at === 0 ? 'the first hint' : null,
    source: 'import absent',
    ...over,
  }))
}

const textsOf = (list: readonly Problem[], verbose = false) =>
  shownProblems(list, verbose).map(({ text }) => text)

describe('problems with one code and text', () => {
  it('up to three equal problems are printed one by one', () => {
    expect(textsOf(problems(3))).toHaveLength(3)
  })

  it('four or more equal problems are one entry with the count, five locations and the hint', () => {
    expect(textsOf(problems(7))).toEqual([
      [
        "7 places error No module named 'absent' [python-error]",
        ...[0, 1, 2, 3, 4].map((at) => `  rules/r${at}.py:1:8`),
        '  and 2 more; --verbose lists them',
        '  hint: the first hint',
      ].join('\n'),
    ])
  })

  it('equal problems of whole files are listed by their files alone', () => {
    expect(textsOf(problems(4, { line: 0, column: 0 }))[0]).toContain('\n  rules/r3.py\n')
  })

  it('verbose output prints every problem', () => {
    expect(textsOf(problems(7), true)).toHaveLength(7)
  })

  it.each([
    ['another code', { code: 'minimum-tests' }],
    ['another text', { message: 'other' }],
    ['another severity', { severity: 'warning' }],
  ] as const)('stay apart from those with %s', (_, over) => {
    expect(textsOf([...problems(4), ...problems(4, over)])).toHaveLength(2)
  })

  it('messages contain no control characters', () => {
    expect(textsOf(problems(4, { message: 'a\u001b[31mb' }))[0]).not.toContain('\u001b')
  })
})

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** A problem has the source location of its cause, the value that was found, and a hint. */
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/config/files/problems.ts'
import { parseYaml } from '../../src/config/yaml/yaml.ts'
import { DESTINATION_TYPES } from '../../src/destinations/_catalog.ts'
import { load, rule } from './_project.ts'

/** The character that the caret stands under. */
function pointedAt(text: string): string {
  const [line = '', caret = ''] = text.split('\n').filter((each) => /^\s+\d*\s*\| /.test(each))
  return line.slice(caret.indexOf('^'))
}

async function problemsOf(files: Readonly<Record<string, string>>) {
  const { problems } = await load(files, { destinationTypes: DESTINATION_TYPES })
  return problems
}

const registry = (entry: string) =>
  `version: 1\ndestinations:\n  - name: pager\n    type: pagerduty\n${entry}`

describe('a value that may be a secret', () => {
  it('is masked, with the caret under the mask', async () => {
    const problems = await problemsOf({
      'destinations.yaml': registry('    options:\n      integrationKey:   hunter2\n'),
    })
    const texts = problems.map(formatProblem)
    expect(texts.join('\n')).not.toContain('hunter2')
    const first = texts.find((text) => text.includes('integrationKey:'))!
    expect(first).toContain('integrationKey:   ***')
    expect(pointedAt(first)).toMatch(/^\*\*\*/)
  })

  it('is masked in one line with its neighbours, with the caret inside of the line', async () => {
    const problems = await problemsOf({
      'destinations.yaml': registry('    options: { integrationKey: "hunter2 and more text", url: x }\n'),
    })
    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) {
      const text = formatProblem(problem)
      expect(text).not.toContain('hunter2')
      expect(pointedAt(text)).not.toBe('')
    }
  })

  it.each(['$PAGERDUTY_KEY', '$(PAGERDUTY_KEY)', '%PAGERDUTY_KEY%', '{{ PAGERDUTY_KEY }}'])(
    'written as the variable %s is answered with the form of a reference',
    async (value) => {
      const problems = await problemsOf({
        'destinations.yaml': registry(`    options:\n      integrationKey: "${value}"\n`),
      })
      expect(problems.map(({ hint }) => hint)).toContain('write an environment variable as ${env:NAME}')
    },
  )
})

it('formatProblem shows a tab as one visible column', () => {
  const place = { file: 'a.py', line: 2, column: 2, hint: null, code: 'python-error', message: 'm' } as const
  const text = formatProblem({ severity: 'error', ...place, source: '\treturn 1' })
  expect(text).toContain('→return 1')
  expect(pointedAt(text)).toBe('return 1')
})

describe('a duplicate says where the first one is', () => {
  it('a duplicate destination names the line of the first one', async () => {
    const problems = await problemsOf({
      'destinations.yaml':
        'version: 1\ndestinations:\n  - { name: a, type: console }\n  - { name: a, type: console }\n',
    })
    expect(problems.map(({ message }) => message)).toContain(
      'duplicate name "a": already used as name at destinations.yaml:3',
    )
  })

  it('a duplicate id names the file and line of the first one', async () => {
    const problems = await problemsOf({
      'rules/a.yml': rule('A'),
      'rules/b.yml': rule('A'),
      'rules/body.py': '',
    })
    expect(problems.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^duplicate id "A": already used in rules\/a\.yml:\d+$/),
    )
  })

  it('a duplicate test case names the line of the first one', async () => {
    const cases =
      'Tests:\n  - { Name: x, ExpectedResult: true, Log: {} }\n  - { Name: x, ExpectedResult: true, Log: {} }\n'
    const text = rule('A', cases)
    const line = text.split('\n').findIndex((each) => each.includes('Name: x')) + 1
    const problems = await problemsOf({ 'rules/a.yml': text, 'rules/body.py': '' })
    expect(problems.map(({ message }) => message)).toContain(
      `duplicate test case "x": already used in line ${line}`,
    )
  })
})

describe('an error of YAML has a hint', () => {
  it.each([
    ['DisplayName: Spray: password\n', 'quote a text that contains ": "'],
    ['Title: [a] b\n', 'quote the whole text'],
    ['a: [1, 2\nb: 3\n', 'close every ['],
    ['a: {b: 1\n', 'close every ['],
    ['a: "x\nb: y\n', 'close the quote'],
    ['a:\n\tb: 1\n', 'indent with spaces'],
    ['a:\n  - x\n - y\n', 'give the hyphens of one list the same indentation'],
    ['Tags:\n  - a\n  b\n  - c\n', 'by the same number of spaces'],
    ['a: @x\n', 'quote a text that begins with a special character'],
    ['a: "\\d"\n', 'use single quotes'],
    ['a: b\nc\n', 'end a key with a colon'],
    ["a: 'it's'\n", 'quote the whole text'],
  ])('%j', (text, hint) => {
    expect(parseYaml(text).error?.hint).toContain(hint)
  })
})

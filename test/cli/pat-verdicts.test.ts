/** Verdicts of panther_analysis_tool 1.11.1 on ExpectedDestinations, as it gave them on these projects. */
import { describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { makeProject } from './project-on-disk.ts'

const REGISTRY = `version: 1
fallback: [archive]
destinations:
  - { name: slack, id: 3f0c6a52-0000-4000-8000-000000000001, type: console, severities: [HIGH] }
  - { name: archive, type: console }
`

interface Written {
  readonly body?: string
  readonly expected: string
  readonly more?: string
  readonly matches?: boolean
}

async function patProblems({ body = '', expected, more = '', matches = true }: Written, side = '') {
  const root = makeProject({
    'signalbox.yaml':
      'workers: 1\nlint: { off: [unreachable-destination, unreferenced-id, shadowed-severity] }\n',
    'destinations.yaml': REGISTRY,
    'rules/a.yml': `AnalysisType: rule
RuleID: A
Filename: a.py
Enabled: true
Severity: High
LogTypes: [AWS.CloudTrail]
${more}Tests:
  - Name: one
    ExpectedResult: ${matches}
${expected === '' ? '' : `    ExpectedDestinations: ${expected}\n`}    Log: { a: b }
`,
    'rules/a.py': `def rule(event):\n    return ${matches ? 'True' : 'False'}\n${body}`,
    ...(side && { 'rules/a.expect.yml': side }),
  })
  const { out } = await signalbox(['validate', '--pat', '--format', 'json', '--project', root])
  const { problems } = JSON.parse(out) as {
    problems: { code: string; message: string; file: string; line: number }[]
  }
  return problems.filter(({ code }) => code === 'pat-destinations')
}

const returns = (value: string) => `def destinations(event):\n    return ${value}\n`

describe('a case that passes here and fails there', () => {
  it.each<[string, Written, string]>([
    ['a route by severity', { expected: '[slack]' }, 'the body has no destinations()'],
    [
      'a route by OutputIds',
      { expected: '[slack]', more: 'OutputIds: [slack]\n' },
      'the body has no destinations()',
    ],
    ['no match, and nothing expected', { expected: '[]', matches: false }, 'rule() returned False'],
    [
      'destinations() that returns None',
      { expected: '[slack]', body: returns('None') },
      'destinations() returned None',
    ],
    [
      'destinations() that returns SKIP',
      { expected: '[]', body: returns('["SKIP"]') },
      'destinations() returned [SKIP]',
    ],
    [
      'an id for a name',
      { expected: '[slack]', body: returns('["3f0c6a52-0000-4000-8000-000000000001"]') },
      'destinations() returned [3f0c6a52',
    ],
    ['a name twice', { expected: '[slack]', body: returns('["slack", "slack"]') }, 'a name twice'],
  ])('%s', async (_, written, reason) => {
    const found = await patProblems(written)
    expect(found).toMatchObject([{ file: 'rules/a.yml', message: expect.stringContaining(reason) }])
    expect(found[0]!.message).toContain('"one" of A passes here and fails in Panther')
  })
})

it('a case that fails here and passes there', async () => {
  const found = await patProblems({ expected: '[SKIP]', body: returns('["SKIP"]') })
  expect(found).toMatchObject([{ message: expect.stringContaining('fails here and passes in Panther') }])
})

describe('nothing is reported where both agree', () => {
  it.each<[string, Written]>([
    ['the names returned', { expected: '[slack]', body: returns('["slack"]') }],
    ['in another order', { expected: '[archive, slack]', body: returns('["slack", "archive"]') }],
    ['an empty list', { expected: '[]', body: returns('[]') }],
    ['both fail: other names', { expected: '[archive]', body: returns('["slack"]') }],
    ['no expectation', { expected: '' }],
  ])('%s', async (_, written) => {
    expect(await patProblems(written)).toEqual([])
  })

  it('an expectation of the .expect.yml, which that tool does not read', async () => {
    expect(await patProblems({ expected: '' }, 'one: { ExpectedDestinations: [slack] }\n')).toEqual([])
  })
})

/** Verdicts of panther_analysis_tool 1.11.1 on ExpectedDestinations, as it gave them on these projects. */
import { beforeAll, describe, expect, it } from 'vitest'
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
  /** The text of the `.expect.yml` file. */
  readonly side?: string
}

/** Each case is a separate rule in one project, because starting Python takes longer than running all of them. */
function rule(id: string, { body = '', expected, more = '', matches = true, side }: Written) {
  return {
    [`rules/${id}.yml`]: `AnalysisType: rule
RuleID: ${id}
Filename: ${id}.py
Enabled: true
Severity: High
LogTypes: [AWS.CloudTrail]
${more}Tests:
  - Name: one
    ExpectedResult: ${matches}
${expected === '' ? '' : `    ExpectedDestinations: ${expected}\n`}    Log: { a: b }
`,
    [`rules/${id}.py`]: `def rule(event):\n    return ${matches ? 'True' : 'False'}\n${body}`,
    ...(side && { [`rules/${id}.expect.yml`]: side }),
  }
}

const returns = (value: string) => `def destinations(event):\n    return ${value}\n`

const PASSES_HERE: [string, string, Written, string][] = [
  ['a route by severity', 'Severity', { expected: '[slack]' }, 'the body has no destinations()'],
  [
    'a route by OutputIds',
    'OutputIds',
    { expected: '[slack]', more: 'OutputIds: [slack]\n' },
    'the body has no destinations()',
  ],
  ['no match, and nothing expected', 'NoMatch', { expected: '[]', matches: false }, 'rule() returned False'],
  [
    'destinations() that returns None',
    'None',
    { expected: '[slack]', body: returns('None') },
    'destinations() returned None',
  ],
  [
    'destinations() that returns SKIP',
    'Skip',
    { expected: '[]', body: returns('["SKIP"]') },
    'destinations() returned [SKIP]',
  ],
  [
    'an id for a name',
    'Id',
    { expected: '[slack]', body: returns('["3f0c6a52-0000-4000-8000-000000000001"]') },
    'destinations() returned [3f0c6a52',
  ],
  ['a name twice', 'Twice', { expected: '[slack]', body: returns('["slack", "slack"]') }, 'a name twice'],
]

const FAILS_HERE: Written = { expected: '[SKIP]', body: returns('["SKIP"]') }

const BOTH_AGREE: [string, string, Written][] = [
  ['the names returned', 'Names', { expected: '[slack]', body: returns('["slack"]') }],
  ['in another order', 'Order', { expected: '[archive, slack]', body: returns('["slack", "archive"]') }],
  ['an empty list', 'Empty', { expected: '[]', body: returns('[]') }],
  ['both fail: other names', 'BothFail', { expected: '[archive]', body: returns('["slack"]') }],
  ['no expectation', 'Silent', { expected: '' }],
  [
    'an expectation of the .expect.yml, which that tool does not read',
    'Side',
    { expected: '', side: 'one: { ExpectedDestinations: [slack] }\n' },
  ],
]

interface PatProblem {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly file: string
}
let problems: readonly PatProblem[]

beforeAll(async () => {
  const all = [...PASSES_HERE, ['', 'FailsHere', FAILS_HERE] as const, ...BOTH_AGREE]
  const root = makeProject({
    'signalbox.yaml':
      'workers: 1\nlint: { off: [unreachable-destination, unreferenced-id, shadowed-severity] }\n',
    'destinations.yaml': REGISTRY,
    ...Object.assign({}, ...all.map(([, id, written]) => rule(id, written))),
  })
  const validated = await signalbox(['validate', '--pat', '--format', 'json', '--project', root])
  problems = (JSON.parse(validated.out) as { problems: PatProblem[] }).problems
})

/** Returns the verdict on the only case of the rule. */
function patProblems(id: string) {
  const found = problems.filter(({ file }) => file.startsWith(`rules/${id}.`))
  // A rule that was not loaded would be silent, too.
  expect(found.filter(({ code, severity }) => code !== 'pat-destinations' && severity === 'error')).toEqual(
    [],
  )
  return found.filter(({ code }) => code === 'pat-destinations')
}

describe('a case that passes here and fails there', () => {
  it.each(PASSES_HERE)('%s', (_, id, _written, reason) => {
    const found = patProblems(id)
    expect(found).toMatchObject([{ file: `rules/${id}.yml`, message: expect.stringContaining(reason) }])
    expect(found[0]!.message).toContain(`"one" of ${id} passes here and fails in Panther`)
  })
})

it('a case that fails here and passes there', () => {
  const found = patProblems('FailsHere')
  expect(found).toMatchObject([{ message: expect.stringContaining('fails here and passes in Panther') }])
})

describe('nothing is reported where both agree', () => {
  it.each(BOTH_AGREE)('%s', (_, id) => {
    expect(patProblems(id)).toEqual([])
  })
})

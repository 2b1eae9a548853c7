/** `validate --pat`. What is refused was tried on upstream's tool, 1.11.1. */
import { expect, it } from 'vitest'
import { BODY, type Files, load, rule } from '../_project.ts'

const TESTS = (expectation: string) =>
  `Tests:\n  - Name: a\n    ExpectedResult: true\n    ${expectation}\n    Log: { a: 1 }\n`
const POLICY = `AnalysisType: policy
PolicyID: P
Filename: body.py
Enabled: true
Severity: High
Tests:
  - Name: a
    ExpectedResult: true
    ExpectedDestinations: []
    Resource: {}
`
const inRules = (spec: string): Files => ({ 'rules/a.yml': spec, 'rules/body.py': BODY })

async function refusals(files: Files): Promise<string[]> {
  const { problems, detections } = await load(files, { reportPatIncompatibilities: true })
  expect(detections.size).toBeGreaterThan(0)
  const ofSpecs = problems.filter(({ code }) => code !== 'unused-body')
  return ofSpecs.map(
    ({ file, line, column, severity, code }) => `${file}:${line}:${column} ${severity} ${code}`,
  )
}

it.each<[string, Files, string[]]>([
  ['nothing, of a sound rule', inRules(rule('A')), []],
  ['nothing, of destinations expected of a rule', inRules(rule('A', TESTS('ExpectedDestinations: []'))), []],
  [
    'other expectations inside a rule',
    inRules(rule('A', TESTS('ExpectedTitle: x'))),
    ['rules/a.yml:10:5 error pat-expectation'],
  ],
  [
    'any expectation inside a policy',
    inRules(POLICY.replace('body.py', 'policy.py')),
    ['rules/a.yml:9:5 error pat-expectation'],
  ],
  [
    'a severity in capitals',
    inRules(rule('A', '', { Severity: 'HIGH' })),
    ['rules/a.yml:5:11 error pat-severity'],
  ],
  [
    'a folder it does not enter, once',
    {
      'detections/x/a.yml': rule('A'),
      'detections/x/b.yml': rule('B', '', { Filename: 'other.py' }),
      'detections/x/body.py': BODY,
      'detections/x/other.py': BODY,
    },
    ['detections/x/a.yml:0:0 warning pat-folder'],
  ],
  [
    'nothing, of expectations in a file beside',
    {
      ...inRules(rule('A', TESTS('LogType: x'))),
      'rules/a.expect.yml': 'a:\n  ExpectedTitle: x\n',
    },
    [],
  ],
])('%s', async (_name, files, expected) => {
  expect(await refusals({ ...files, 'rules/policy.py': 'def policy(resource):\n    return True\n' })).toEqual(
    expected,
  )
})

it('incompatibilities with panther_analysis_tool are reported only with the option', async () => {
  expect((await load(inRules(rule('A', TESTS('ExpectedTitle: x'))))).problems).toEqual([])
})

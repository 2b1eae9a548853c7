/** Detections that are all YAML, through the real commands: simple, filtered, derived and correlation rules. */
import { beforeAll, describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const SIMPLE = `AnalysisType: rule
RuleID: Simple
Enabled: true
Severity: Low
LogTypes: [Test.Log]
Detection:
  - { Key: action, Condition: Equals, Value: login }
InlineFilters:
  - { KeyPath: user.kind, Condition: DoesNotEqual, Value: robot }
AlertTitle: "{user.name} logged in with {score}"
AlertContext:
  - { KeyName: score, KeyValue: { Key: score } }
DynamicSeverities:
  - { ChangeTo: High, Conditions: [{ Key: score, Condition: IsGreaterThan, Value: 50 }] }
GroupBy:
  - KeyPath: user.name
Tests:
  - Name: scored
    ExpectedResult: true
    ExpectedSeverity: High
    ExpectedTitle: ann logged in with 53.0
    ExpectedDedup: ann
    ExpectedAlertContext: { score: 53.0 }
    ExpectedDestinations: [inbox]
    Log: { action: login, user: { name: ann }, score: 53.0 }
  - Name: a robot
    ExpectedResult: false
    Log: { action: login, user: { name: r2, kind: robot } }
  - Name: wrong on purpose
    ExpectedResult: true
    ExpectedSeverity: High
    Log: { action: login, score: 1 }
`
const DERIVED = `AnalysisType: rule
RuleID: Derived
BaseDetection: Simple
Severity: Critical
DynamicSeverities: []
InlineFilters: []
Tests:
  - Name: a robot, critical
    ExpectedResult: true
    ExpectedSeverity: Critical
    ExpectedTitle: "r2 logged in with "
    Log: { action: login, user: { name: r2, kind: robot } }
`
const CORRELATION = `AnalysisType: correlation_rule
RuleID: Pair
Enabled: true
Severity: High
Detection:
  - Group: [{ RuleID: Simple }, { RuleID: Derived, MinMatchCount: 2 }]
    MatchCriteria:
      who: [{ GroupID: Simple, Match: user.name }, { GroupID: Derived, Match: user.name }]
    Schedule: { RateMinutes: 5, TimeoutMinutes: 1 }
Tests:
  - Name: the same user
    ExpectedResult: true
    ExpectedDedup: ann
    ExpectedRoute: static-severity
    RuleOutputs:
      - { ID: Simple, Matches: { user.name: { ann: [3] } } }
      - { ID: Derived, Matches: { user.name: { ann: [0, "1970-01-01T00:01:00Z"] } } }
  - Name: of two users
    ExpectedResult: false
    RuleOutputs:
      - { ID: Simple, Matches: { user.name: { ann: [3] } } }
      - { ID: Derived, Matches: { user.name: { bob: [0, 1] } } }
  - Name: no time
    ExpectedResult: false
    RuleOutputs:
      - { ID: Simple, Matches: { user.name: { ann: [soon] } } }
`

let root: string
beforeAll(() => {
  root = makeProject({
    ...SOUND,
    'detections/simple.yml': SIMPLE,
    'detections/derived.yml': DERIVED,
    'detections/pair.yml': CORRELATION,
  })
})
const run = (...argv: string[]) => signalbox([...argv, '--project', root])

it('simple detections and correlation rules are tested, each case with its verdict', async () => {
  const { code, out } = await run('test', '--reporter', 'json')
  const { detections } = JSON.parse(out) as {
    detections: { id: string; tests: { name: string; status: string; failures: { what: string }[] }[] }[]
  }
  const verdicts = Object.fromEntries(
    detections.flatMap(({ tests }) =>
      tests.map(({ name, status, failures }) => [name, [status, ...failures.map(({ what }) => what)]]),
    ),
  )
  expect([code, verdicts]).toEqual([
    1,
    {
      login: ['passed'],
      logout: ['passed'],
      scored: ['passed'],
      'a robot': ['passed'],
      'wrong on purpose': ['failed', 'ExpectedSeverity'],
      'a robot, critical': ['passed'],
      'the same user': ['passed'],
      'of two users': ['passed'],
      'no time': ['failed', 'ExpectedResult'],
    },
  ])
})

describe('explain', () => {
  it('explain prints the reasons of a simple detection', async () => {
    const { code, out } = await run('explain', '--detection', 'Simple', '--test', 'scored')
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}title +ann logged in with 53\.0$/m)
    expect(out).toMatch(/HIGH \(generated\)/)
  })

  it('explain accepts --test and rejects --event for a correlation rule', async () => {
    const explained = await run('explain', '--detection', 'Pair', '--test', 'the same user')
    expect([explained.code, explained.out]).toEqual([0, expect.stringMatching(/"match":"ann","count":3/)])
    const refused = await run('explain', '--detection', 'Pair', '--event', '-')
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringMatching(/cannot be explained with --event .*\nhint: use --test NAME/),
    ])
  })
})

it('routes shows the destinations of each severity of a simple detection', async () => {
  const { out } = await run('routes', '--format', 'json')
  expect(out).toMatch(/"detection": ?"Simple"[^}]*"severity": ?"HIGH"/)
  expect(out).toMatch(/"detection": ?"Simple"[^}]*"severity": ?"LOW"/)
})

/** Content that can never do anything is not loaded silently: one warning for each kind, from three commands. */
import { describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { LOGIN, makeProject, SOUND } from './project-on-disk.ts'

const SCHEDULED = (id: string) => `AnalysisType: scheduled_rule
RuleID: ${id}
Filename: login.py
Enabled: true
Severity: High
ScheduledQueries: [Many Deletions]
`
const TABLE =
  'AnalysisType: lookup_table\nLookupName: T\nEnabled: true\nQuery: SELECT 1\nLogTypeMap: { PrimaryKey: id }\nRefresh: { PeriodMinutes: 60 }\n'
const CORRELATION = (rule: string) => `AnalysisType: correlation_rule
RuleID: Corr
Enabled: true
Severity: High
Detection:
  - Sequence:
      - { ID: first, RuleID: Test.Login }
      - { ID: second, RuleID: ${rule} }
    LookbackWindowMinutes: 30
    Schedule: { RateMinutes: 5, TimeoutMinutes: 1 }
`

const IDLE: [string, Record<string, string>, string, RegExp][] = [
  [
    'scheduled rules whose query no source feeds',
    { 'detections/s1.yml': SCHEDULED('S1'), 'detections/s2.yml': SCHEDULED('S2') },
    'idle-scheduled-rule',
    /2 enabled scheduled rules can never do anything.*: S1, S2/,
  ],
  [
    'rules whose log types no configured source has',
    { 'signalbox.yaml': 'workers: 1\nsources: ["stdin?logType=Other.Log"]\n' },
    'idle-log-type',
    /1 enabled rule can never do anything.*: Test\.Login/,
  ],
  [
    'lookup tables',
    { 'lookup_tables/t.yml': TABLE },
    'idle-lookup-table',
    /1 enabled lookup table can never do anything.*: T/,
  ],
  [
    'correlation rules that name a rule that does not exist',
    { 'detections/c.yml': CORRELATION('No.Such') },
    'idle-correlation-rule',
    /1 enabled correlation rule can never do anything.*: Corr/,
  ],
  [
    'correlation rules that need a disabled rule',
    { 'detections/c.yml': CORRELATION('Test.Disabled') },
    'idle-correlation-rule',
    /1 enabled correlation rule can never do anything.*: Corr/,
  ],
]

describe.each(IDLE)('%s', (_, files, code, message) => {
  it('are one warning of validate, doctor and the start of run', async () => {
    const root = makeProject({ ...SOUND, ...files })
    const at = ['--project', root]
    const validated = await signalbox(['validate', '--format', 'json', ...at])
    const { problems } = JSON.parse(validated.out) as {
      problems: { code: string; message: string; severity: string }[]
    }
    const found = problems.filter((problem) => problem.code === code)
    expect(found).toMatchObject([{ severity: 'warning', message: expect.stringMatching(message) }])
    expect((await signalbox(['validate', '--fail-on-warnings', ...at])).code).toBe(1)
    expect((await signalbox(['doctor', ...at])).out).toMatch(message)
    const source = files['signalbox.yaml'] ? [] : ['--from', 'stdin']
    const ran = await signalbox(['run', ...source, '--store', 'memory:', ...at], '')
    expect(ran.err).toContain(`[${code}]`)
  })

  it('are not reported where the settings turn the code off', async () => {
    const settings = `${files['signalbox.yaml'] ?? 'workers: 1\n'}warnings: { off: [${code}] }\n`
    const root = makeProject({ ...SOUND, ...files, 'signalbox.yaml': settings })
    expect((await signalbox(['validate', '--project', root])).out).not.toContain(`[${code}]`)
  })
})

describe('nothing is claimed', () => {
  const FED: [string, Record<string, string>, string][] = [
    [
      'of a scheduled rule whose query is the type of a source',
      {
        'detections/s.yml': SCHEDULED('S'),
        'signalbox.yaml': 'sources: ["stdin?logType=Many%20Deletions", "http://127.0.0.1:8080"]\n',
      },
      'idle-scheduled-rule',
    ],
    [
      'of a rule where a source leaves the type to its events',
      { 'signalbox.yaml': 'sources: ["stdin?logType=Other.Log", "http://127.0.0.1:8080"]\n' },
      'idle-log-type',
    ],
    ['of a rule without any source', {}, 'idle-log-type'],
    [
      'of a rule whose log type the classification gives',
      {
        'signalbox.yaml':
          'sources: ["stdin?logType=Other.Log"]\nclassification: [{ logType: Test.Log, match: { a: "*" } }]\n',
      },
      'idle-log-type',
    ],
    [
      'of a disabled rule',
      {
        'detections/login.yml': LOGIN.replace('Enabled: true', 'Enabled: false'),
        'signalbox.yaml': 'sources: ["stdin?logType=Other.Log"]\n',
      },
      'idle-log-type',
    ],
    [
      'of a correlation rule whose rules exist',
      { 'detections/c.yml': CORRELATION('Test.Login') },
      'idle-correlation-rule',
    ],
  ]
  it.each(FED)('%s', async (_, files, code) => {
    const { out } = await signalbox(['validate', '--project', makeProject({ ...SOUND, ...files })])
    expect(out).not.toContain(`[${code}]`)
  })
})

it('run looks at the sources of the command line', async () => {
  const root = makeProject(SOUND)
  const { err } = await signalbox(
    ['run', '--from', 'stdin?logType=Other.Log', '--store', 'memory:', '--project', root],
    '',
  )
  expect(err).toContain('[idle-log-type]')
})

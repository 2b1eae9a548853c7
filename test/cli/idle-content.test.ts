/** Content that can never have an effect is not loaded silently: one warning for each kind, from three commands. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from './fake-io.ts'
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

type Idle = readonly [what: string, code: string, message: RegExp]

/** The cases that can be in one project, because starting Python for each takes longer than running all of them. */
const PROJECTS: { files: Record<string, string>; source: string[]; idle: Idle[] }[] = [
  {
    files: {
      'signalbox.yaml': 'workers: 1\nsources: ["stdin?logType=Other.Log"]\n',
      'detections/s1.yml': SCHEDULED('S1'),
      'detections/s2.yml': SCHEDULED('S2'),
      'lookup_tables/t.yml': TABLE,
      'detections/c.yml': CORRELATION('No.Such'),
    },
    source: [],
    idle: [
      [
        'scheduled rules whose query no source feeds',
        'idle-scheduled-rule',
        /2 enabled scheduled rules can never have an effect.*: S1, S2/,
      ],
      [
        'rules whose log types no configured source has',
        'idle-log-type',
        /1 enabled rule can never have an effect.*: Test\.Login/,
      ],
      ['lookup tables', 'idle-lookup-table', /1 enabled lookup table can never have an effect.*: T/],
      [
        'correlation rules that name a rule that does not exist',
        'idle-correlation-rule',
        /1 enabled correlation rule can never have an effect.*: Corr/,
      ],
    ],
  },
  {
    files: { 'signalbox.yaml': 'workers: 1\n', 'detections/c.yml': CORRELATION('Test.Disabled') },
    source: ['--from', 'stdin'],
    idle: [
      [
        'correlation rules that need a disabled rule',
        'idle-correlation-rule',
        /1 enabled correlation rule can never have an effect.*: Corr/,
      ],
    ],
  },
]

describe.each(PROJECTS)('content without an effect, project %$', ({ files, source, idle }) => {
  let problems: { code: string; message: string; severity: string }[]
  let [strict, checked, ran, silenced]: Ran[] = []

  beforeAll(async () => {
    const at = ['--project', makeProject({ ...SOUND, ...files })]
    const validated = await signalbox(['validate', '--format', 'json', ...at])
    problems = (JSON.parse(validated.out) as { problems: typeof problems }).problems
    strict = await signalbox(['validate', '--fail-on-warnings', ...at])
    checked = await signalbox(['doctor', ...at])
    ran = await signalbox(['run', ...source, '--store', 'memory:', ...at], '')
    const codes = idle.map(([, code]) => code).join(', ')
    const settings = `${files['signalbox.yaml']}warnings: { off: [${codes}] }\n`
    const root = makeProject({ ...SOUND, ...files, 'signalbox.yaml': settings })
    silenced = await signalbox(['validate', '--project', root])
  })

  describe.each(idle)('%s', (_, code, message) => {
    it('content that can never match is one warning of validate, doctor and the start of run', () => {
      const found = problems.filter((problem) => problem.code === code)
      expect(found).toMatchObject([{ severity: 'warning', message: expect.stringMatching(message) }])
      const count = problems.filter(({ severity }) => severity === 'warning').length
      expect(strict!.err).toContain(`: ${count} warnings with --fail-on-warnings`)
      expect(strict!.code).toBe(1)
      expect(checked!.out).toMatch(message)
      expect(ran!.err).toContain(`[${code}]`)
    })

    it('content that can never match is not reported if the settings turn the code off', () => {
      expect(silenced!.out).toMatch(/2 destinations/)
      expect(silenced!.out).not.toContain(`[${code}]`)
    })
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

it('run considers the sources of the command line', async () => {
  const root = makeProject(SOUND)
  const { err } = await signalbox(
    ['run', '--from', 'stdin?logType=Other.Log', '--store', 'memory:', '--project', root],
    '',
  )
  expect(err).toContain('[idle-log-type]')
})

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** Loading a project from files: its content, its form, and the effect of an invalid file on the others. */
import { describe, expect, it } from 'vitest'
import { loadProject } from '../../src/config/load.ts'
import { declaredDestinations } from '../../src/model/project/destination.ts'
import { NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import type { Project } from '../../src/model/project/project.ts'
import { BODY, load, projectWith, REGISTRY, rule, TYPES } from './_project.ts'

const TESTS = `Tests:
  - Name: matches
    ExpectedResult: true
    Log: { severity: 53.0, id: 9007199254740993, "10": a, "9": b, on: off }
    Mocks:
      - { objectName: lookup, returnValue: "[1]" }
`

function codes(project: Project): string[] {
  return project.problems.map(({ code, severity }) => `${severity} ${code}`)
}

describe('a rule', () => {
  it('a rule keeps its metadata, its body, and the lexemes and key order of its tests', async () => {
    const extra = `DisplayName: A rule\nDedupPeriodMinutes: 15\nThreshold: 3\nCreateAlert: false\nTags: [a]\nReports: { CIS: [1.2] }\n${TESTS}`
    const project = await load({ 'rules/a.yml': rule('A.Rule', extra), 'rules/body.py': BODY })
    expect(project.problems).toEqual([])
    const detection = project.detections.get('A.Rule')!
    expect(detection).toMatchObject({
      type: 'rule',
      location: { file: 'rules/a.yml', line: 1, column: 1 },
      body: { path: 'rules/body.py', source: BODY },
      enabled: true,
      severity: 'HIGH',
      displayName: 'A rule',
      dedupPeriodMinutes: 15,
      threshold: 3,
      createAlert: false,
      logTypes: ['AWS.CloudTrail'],
      override: null,
    })
    expect(detection.version).toMatch(/^[0-9A-Za-z]{32}$/)
    expect(detection.spec).toMatchObject({ Reports: { CIS: [1.2] }, Threshold: 3 })
    expect(detection.tests).toEqual([
      {
        name: 'matches',
        location: { file: 'rules/a.yml', line: 14, column: 5 },
        expectedResult: true,
        entry: '{"severity":53.0,"id":9007199254740993,"10":"a","9":"b","on":"off"}',
        mocks: '[{"objectName":"lookup","returnValue":"[1]"}]',
        expectations: {},
      },
    ])
  })

  it.each([
    ['', 60, []],
    ['DedupPeriodMinutes: 0\n', 60, ['warning dedup-period']],
    ['DedupPeriodMinutes: 1\n', 5, ['warning dedup-period']],
    ['DedupPeriodMinutes: 5\n', 5, []],
    ['DedupPeriodMinutes: 1440\n', 1440, []],
  ])('normalises %j to %d minutes', async (extra, minutes, expected) => {
    const project = await load({ 'rules/a.yml': rule('A', extra), 'rules/body.py': BODY })
    expect(project.detections.get('A')!.dedupPeriodMinutes).toBe(minutes)
    expect(codes(project)).toEqual(expected)
  })

  it('a detection without Python has no body', async () => {
    const text = rule('A', 'Detection: [{ Key: a, Condition: Equals, Value: b }]\n').replace(
      'Filename: body.py\n',
      '',
    )
    const project = await load({ 'rules/a.yml': text })
    expect(project.detections.get('A')!.body).toBeNull()
  })

  it('an experimental or disabled rule is loaded like any other', async () => {
    const text = rule('A', 'Status: Experimental\n', { Enabled: 'false' })
    const project = await load({ 'rules/a.yml': text, 'rules/body.py': BODY })
    expect(project.detections.get('A')).toMatchObject({ enabled: false, status: 'Experimental' })
  })
})

describe('unknown keys', () => {
  const files = {
    'rules/a.yml': rule('A', `Owner: ann\n${TESTS}`),
    'rules/b.yml': rule('B', `Tests: [{ Name: t, ExpectedResult: true, Log: {}, Extra: 1 }]\n`),
    'rules/body.py': BODY,
    'packs/p.yml': 'AnalysisType: pack\nPackID: P\nPackDefinition: { IDs: [] }\nOwner: ann\n',
  }
  const problemTexts = (project: Project) =>
    project.problems.map(({ severity, file, code }) => `${severity} ${file} ${code}`)

  it('unknown keys are errors', async () => {
    const project = await load(files)
    expect(problemTexts(project)).toEqual([
      'error packs/p.yml unknown-key',
      'error rules/a.yml unknown-key',
      'error rules/b.yml unknown-key',
    ])
  })

  it('unknown top-level keys of a detection are warnings where they are allowed, and stay in the spec', async () => {
    const project = await load(files, { ignoreExtraKeys: true })
    expect(problemTexts(project)).toEqual([
      'error packs/p.yml unknown-key',
      'warning rules/a.yml unknown-key',
      'error rules/b.yml unknown-key',
    ])
    expect(project.detections.get('A')).toMatchObject({
      spec: { Owner: 'ann' },
      tests: [{ name: 'matches' }],
    })
  })
})

describe('a Python file that no spec names', () => {
  const files = { 'rules/a.yml': rule('A'), 'rules/body.py': BODY }

  it('an unused Python file is reported if everything was loaded', async () => {
    const idle = { 'rules/lost.py': BODY, 'global_helpers/also.py': '', 'elsewhere/not_searched.py': '' }
    const project = await load({ ...files, ...idle })
    expect(project.problems).toMatchObject([
      {
        severity: 'warning',
        code: 'unused-body',
        file: 'global_helpers/also.py',
        message: 'unused Python file: no spec references it',
      },
      { code: 'unused-body', file: 'rules/lost.py' },
    ])
  })

  it.each([
    ['a test', { 'rules/a_test.py': '', 'rules/test_a.py': '' }],
    ['of a package', { 'rules/__init__.py': '', 'rules/conftest.py': '' }],
    [
      'perhaps named by a spec that was not loaded',
      { 'rules/lost.py': '', 'rules/lost.yml': 'AnalysisType: skill\n' },
    ],
  ])('a Python file that no spec names is not reported where it is %s', async (_, more) => {
    const project = await load({ ...files, ...more })
    expect(codes(project).filter((code) => code.includes('unused-body'))).toEqual([])
  })
})

describe('other content', () => {
  it('a lookup table from SQL needs no log types', async () => {
    const table =
      'AnalysisType: lookup_table\nLookupName: T\nEnabled: true\nQuery: SELECT 1\nLogTypeMap: { PrimaryKey: id }\nRefresh: { PeriodMinutes: 60 }\n'
    expect((await load({ 'lookup_tables/t.yml': table })).problems).toEqual([])
    const fromFile =
      'AnalysisType: lookup_table\nLookupName: T\nEnabled: true\nSchema: S\nFilename: t.csv\nLogTypeMap: { PrimaryKey: id }\n'
    expect(codes(await load({ 'lookup_tables/t.yml': fromFile }))).toEqual(['error missing-key'])
  })

  it('other content is loaded by its kind', async () => {
    const project = await load({
      'policies/p.yml':
        'AnalysisType: policy\nPolicyID: P\nFilename: p.py\nEnabled: true\nSeverity: low\nResourceTypes: [AWS.S3.Bucket]\nSuppressions: ["arn:*"]\nTests: [{ Name: t, ExpectedResult: false, Resource: { Size: 1.0 } }]\n',
      'policies/p.py': BODY,
      'correlation_rules/c.yml':
        'AnalysisType: correlation_rule\nRuleID: C\nEnabled: true\nSeverity: High\nDetection:\n  - Group: [{ ID: a, RuleID: C }]\n    Schedule: { RateMinutes: 5, TimeoutMinutes: 1 }\nTests: [{ Name: t, ExpectedResult: true, RuleOutputs: [{ ID: a, Matches: { f: { v: [0] } } }] }]\n',
      'global_helpers/h.yml': 'AnalysisType: global\nGlobalID: my_helper\nFilename: h.py\n',
      'global_helpers/h.py': 'X = 1\n',
      'data_models/m.yml':
        'AnalysisType: datamodel\nDataModelID: M\nEnabled: true\nLogTypes: [L]\nFilename: m.py\nMappings: [{ Name: ip, Path: $.a.b }, { Name: user, Method: get_user }]\n',
      'data_models/m.py': BODY,
      'queries/q.yml': 'AnalysisType: saved_query\nQueryName: q\nQuery: select 1\n',
      'packs/k.yml': 'AnalysisType: pack\nPackID: K\nPackDefinition: { IDs: [P, my_helper, M, q] }\n',
    })
    expect(project.problems).toEqual([])
    expect(project.detections.get('P')).toMatchObject({
      type: 'policy',
      severity: 'LOW',
      resourceTypes: ['AWS.S3.Bucket'],
      suppressions: ['arn:*'],
      tests: [{ entry: '{"Size":1.0}', expectedResult: false }],
    })
    expect(project.detections.get('C')).toMatchObject({
      body: null,
      tests: [{ entry: '[{"ID":"a","Matches":{"f":{"v":[0]}}}]' }],
    })
    expect(project.helpers).toMatchObject([{ id: 'my_helper', body: { path: 'global_helpers/h.py' } }])
    expect(project.dataModels).toMatchObject([
      {
        id: 'M',
        mappings: [
          { name: 'ip', path: '$.a.b' },
          { name: 'user', method: 'get_user' },
        ],
      },
    ])
    expect(project.others.map(({ id, type }) => `${type} ${id}`)).toEqual(['pack K', 'saved_query q'])
  })
})

describe('a derived rule', () => {
  const derived =
    'AnalysisType: rule\nRuleID: Derived\nBaseDetection: Base\nSeverity: Critical\nOutputIds: [x]\n'

  it('a derived rule has the body, log types and tests of its base, and its own keys replace those of the base', async () => {
    const project = await load({
      'rules/a_derived.yml': derived,
      'rules/base.yml': rule('Base', `Threshold: 4\n${TESTS}`),
      'rules/body.py': BODY,
    })
    expect(project.problems).toEqual([])
    const base = project.detections.get('Base')!
    const detection = project.detections.get('Derived')!
    expect(detection).toMatchObject({ severity: 'CRITICAL', enabled: true, threshold: 4, outputIds: ['x'] })
    expect(detection.logTypes).toEqual(base.logTypes)
    expect(detection.body).toEqual(base.body)
    expect(detection.tests).toEqual(base.tests)
    expect(detection.version).not.toBe(base.version)
  })

  it('a derived rule with tests keeps its own tests', async () => {
    const own = `${derived}Tests: [{ Name: own, ExpectedResult: true, Log: {} }]\n`
    const project = await load({
      'rules/d.yml': own,
      'rules/base.yml': rule('Base', TESTS),
      'rules/body.py': BODY,
    })
    expect(project.detections.get('Derived')!.tests.map(({ name }) => name)).toEqual(['own'])
  })

  it('a derived rule has the match expressions of a simple base, and its own texts and filter', async () => {
    const simple = `Detection: [{ Key: a, Condition: Exists }]
InlineFilters: [{ KeyPath: b, Condition: Exists }]
AlertTitle: base
GroupBy: [{ Key: a }]
`
    const project = await load({
      'rules/d.yml': `${derived}AlertTitle: derived {a}\n`,
      'rules/e.yml': `${derived.replace('Derived', 'Unfiltered')}InlineFilters: [{ All: [] }]\n`,
      'rules/base.yml': rule('Base', simple).replace('Filename: body.py\n', ''),
    })
    expect(project.problems).toEqual([])
    const [base, own, unfiltered] = ['Base', 'Derived', 'Unfiltered'].map((id) => project.detections.get(id)!)
    expect(own!.simple).toEqual({ ...base!.simple, title: { texts: ['derived ', ''], keys: [['a']] } })
    expect(own!.inlineFilter).toEqual(base!.inlineFilter)
    expect([base!.inlineFilter === null, unfiltered!.inlineFilter]).toEqual([false, null])
  })

  it('a derived rule does not run if its base has an error or is the rule itself', async () => {
    const project = await load({
      'rules/d.yml': derived,
      'rules/base.yml': rule('Base', 'Nonsense: 1\n'),
      'rules/loop.yml': 'AnalysisType: rule\nRuleID: Loop\nBaseDetection: Loop\n',
      'rules/body.py': BODY,
    })
    expect([...project.detections.keys()]).toEqual([])
    expect(codes(project)).toEqual(['error unknown-key', 'warning missing-base', 'warning missing-base'])
  })
})

describe('a correlation rule', () => {
  const correlation = (id: string, steps: string, more = '') => `AnalysisType: correlation_rule
RuleID: ${id}
Enabled: true
Severity: High
Detection:
  - Group: [${steps}]
    Schedule: { RateMinutes: 5, TimeoutMinutes: 1 }
${more}`

  it('a correlation rule has the log types of its members, and its members keep the fields that it compares', async () => {
    const criteria = `    MatchCriteria:
      who:
        - { GroupID: a, Match: p_alert_context.user }
        - { GroupID: b, Match: 'actors[0].name' }
`
    const steps = '{ ID: a, RuleID: One }, { ID: b, RuleID: Two }'
    const project = await load({
      'rules/c.yml': correlation('Pair', steps, criteria),
      'rules/d.yml': correlation('Ring', '{ RuleID: Ring }, { RuleID: Pair }'),
      'rules/one.yml': rule('One'),
      'rules/two.yml': rule('Two', '', { LogTypes: '[Okta.SystemLog]' }),
      'rules/body.py': BODY,
    })
    expect(project.problems).toEqual([])
    const of = (id: string) => project.detections.get(id)!
    expect([of('Pair').logTypes, of('Ring').logTypes]).toEqual([
      [...of('One').logTypes, 'Okta.SystemLog'],
      [...of('One').logTypes, 'Okta.SystemLog'],
    ])
    expect([of('One').signalFields, of('Two').signalFields]).toEqual([
      [{ name: 'p_alert_context.user', key: ['p_alert_context', 'user'] }],
      [{ name: 'actors[0].name', key: ['actors', 0, 'name'] }],
    ])
    expect(of('Pair').correlation).toMatchObject({ lookbackMs: 15 * 60_000, schedule: { everyMs: 300_000 } })
  })
})

it('a correlation rule whose member sends no signals is warned about, while it runs', async () => {
  const correlation = (id: string, enabled: boolean) =>
    `AnalysisType: correlation_rule\nRuleID: ${id}\nEnabled: ${enabled}\nSeverity: High\nDetection:\n  - Group: [{ RuleID: On }, { RuleID: Off }]\n    Schedule: { RateMinutes: 5, TimeoutMinutes: 1 }\n`
  const project = await load({
    'rules/c.yml': correlation('Runs', true),
    'rules/d.yml': correlation('Rests', false),
    'rules/on.yml': rule('On'),
    'rules/off.yml': rule('Off', '', { Enabled: 'false' }),
    'rules/body.py': BODY,
  })
  expect(project.problems).toMatchObject([
    { code: 'inactive-member', severity: 'warning', file: 'rules/c.yml', line: 6, column: 39 },
  ])
})

describe('overrides', () => {
  const overrides = (text: string) => REGISTRY.replace('destinations:', `overrides:\n${text}destinations:`)
  const files = (registry: string) => ({
    'rules/vendor/a.yml': rule('AWS.One', 'Tags: [Okta]\nOutputIds: [inbox]\n'),
    'rules/own/b.yml': rule('Own.Two', '', { LogTypes: '[Okta.SystemLog]' }),
    'rules/vendor/body.py': BODY,
    'rules/own/body.py': BODY,
    'destinations.yaml': registry,
  })

  it.each([
    ['ids', 'ids: ["AWS.*"]', ['AWS.One']],
    ['tags', 'tags: [Okta]', ['AWS.One']],
    ['log types', 'logTypes: ["Okta.*"]', ['Own.Two']],
    ['paths', 'paths: [rules/vendor/**]', ['AWS.One']],
    ['all that ask', 'ids: ["AWS.*"], logTypes: ["Okta.*"]', []],
    ['any of a list', 'ids: [AWS.One, "Own.*"]', ['AWS.One', 'Own.Two']],
    ['nothing for an empty list', 'ids: ["Own.*"], tags: []', ['Own.Two']],
  ])('overrides match %s', async (_, match, expected) => {
    const project = await load(
      files(overrides(`  - match: { ${match} }\n    Severity: low\n    Enabled: false\n`)),
    )
    const hit = [...project.detections.values()].filter(({ enabled }) => !enabled)
    expect(hit.map(({ id }) => id).sort()).toEqual(expected)
    for (const detection of hit) {
      expect(detection).toMatchObject({ severity: 'LOW', enabled: false, override: null })
    }
  })

  it('the last matching override wins for each key, and the location is that of OutputIds', async () => {
    const project = await load(
      files(
        overrides(
          '  - { match: { ids: ["*"] }, OutputIds: [soc-slack], Severity: Low }\n' +
            '  - { match: { ids: ["*"] }, OutputIds: [5c2f0a3e] }\n' +
            '  - { match: { ids: ["*"] }, Severity: Critical }\n',
        ),
      ),
    )
    expect(project.problems).toEqual([])
    expect(project.detections.get('AWS.One')).toMatchObject({
      outputIds: ['5c2f0a3e'],
      severity: 'CRITICAL',
      override: 'destinations.yaml:5',
    })
  })
})

describe('OutputIds', () => {
  const files = {
    'rules/a.yml': rule('A', 'OutputIds: [soc-slak, SKIP, 5c2f0a3e]\n'),
    'rules/b.yml': rule('B'),
    'rules/body.py': BODY,
  }

  it('OutputIds with unknown destinations are an error of the file', async () => {
    const project = await load({ ...files, 'destinations.yaml': REGISTRY })
    expect([...project.detections.keys()]).toEqual(['B'])
    expect(project.problems).toMatchObject([
      { severity: 'error', code: 'unknown-destination', hint: 'did you mean "soc-slack"?' },
    ])
  })

  it('unknown names in OutputIds are warnings with allowUnknownDestinations', async () => {
    const project = await load(
      { ...files, 'destinations.yaml': REGISTRY },
      { allowUnknownDestinations: true },
    )
    expect([...project.detections.keys()]).toEqual(['A', 'B'])
    expect(codes(project)).toEqual(['warning unknown-destination'])
  })

  it('names of destinations are accepted without a registry', async () => {
    const project = await load(files)
    expect(project.problems).toEqual([])
    expect(project.registry).toBe('absent')
  })

  it('OutputIds are checked against a registry that has an error elsewhere', async () => {
    const broken = `${REGISTRY}    nonsense: 1\n`
    const project = await load({ ...files, 'destinations.yaml': broken })
    expect(codes(project)).toEqual(['error unknown-key', 'error unknown-destination'])
  })
})

describe('the registry', () => {
  it('the registry is complete with its defaults', async () => {
    const project = await load({
      'destinations.yaml': `version: 1
fallback: [inbox]
heartbeat: { cron: "*/15 * * * *", destinations: [soc] }
onEscalation: send
destinations:
  - name: soc
    id: abc
    previousNames: [old]
    type: hook
    severities: [high, Critical]
    alertTypes: [DETECTION_ERROR, SYSTEM_ERROR]
    logTypes: [AWS.*]
    strict: true
    options: { url: "\${env:URL}", retries: 2, headers: { X-Key: "\${file:secrets/key}" } }
    retry: { maxAge: 12h, maxAttempts: 5 }
    rateLimit: { perMinute: 60 }
  - name: inbox
    type: quiet
  - name: own
    type: ./sinks/own.ts
    enabled: false
    options: { anything: goes }
`,
      'sinks/own.ts': 'throw new Error("never imported here")\n',
    })
    expect(project.problems).toEqual([])
    expect(project.registry).toMatchObject({
      file: 'destinations.yaml',
      fallback: ['inbox'],
      heartbeat: { cron: '*/15 * * * *', destinations: ['soc'] },
      onEscalation: 'send',
    })
    const [soc, inbox, own] = declaredDestinations(project.registry)
    expect(soc).toMatchObject({
      id: 'abc',
      severities: ['HIGH', 'CRITICAL'],
      alertTypes: [
        'RULE_ERROR',
        'SCHEDULED_RULE_ERROR',
        'POLICY_ERROR',
        'CORRELATION_RULE_ERROR',
        'SYSTEM_ERROR',
      ],
      options: { url: '${env:URL}' },
      retry: { maxAgeMs: 12 * 3_600_000, maxAttempts: 5 },
      rateLimit: { perMinute: 60, burst: 10 },
      location: 'destinations.yaml:6',
    })
    expect(inbox).toEqual({
      name: 'inbox',
      id: null,
      previousNames: [],
      type: 'quiet',
      enabled: true,
      severities: [],
      alertTypes: null,
      logTypes: null,
      strict: false,
      options: {},
      retry: { maxAgeMs: 3 * 86_400_000, maxAttempts: 0 },
      rateLimit: null,
      concurrency: 8,
      updates: [],
      repeatEveryMs: 3_600_000,
      handling: NO_HANDLING,
      location: 'destinations.yaml:17',
    })
    expect(own).toMatchObject({ type: './sinks/own.ts', enabled: false, options: { anything: 'goes' } })
  })

  it('intervals and the hours of destinations are read', async () => {
    const project = await load({
      'destinations.yaml': `version: 1
intervals:
  office: { timezone: Europe/Berlin, days: [mon-wed, fri], times: ["08:00-18:00"], except: [2026-12-24..2026-12-26, 2027-01-01] }
  weekend: { timezone: UTC, days: [sat-sun] }
destinations:
  - name: team
    type: quiet
    hours: { during: [office, weekend], always: [Critical] }
  - name: night
    type: quiet
    hours: { during: [weekend], otherwise: { to: [team] } }
`,
    })
    expect(project.problems).toEqual([])
    const office = {
      name: 'office',
      timezone: 'Europe/Berlin',
      weekdays: [1, 2, 3, 5],
      times: [{ from: 480, until: 1_080 }],
      except: [
        { from: Date.UTC(2026, 11, 24) / 86_400_000, until: Date.UTC(2026, 11, 26) / 86_400_000 },
        { from: Date.UTC(2027, 0, 1) / 86_400_000, until: Date.UTC(2027, 0, 1) / 86_400_000 },
      ],
    }
    const weekend = {
      name: 'weekend',
      timezone: 'UTC',
      weekdays: [6, 0],
      times: [{ from: 0, until: 1_440 }],
      except: [],
    }
    expect(project.registry).toMatchObject({ intervals: [office, weekend] })
    expect(declaredDestinations(project.registry).map(({ handling }) => handling.hours)).toEqual([
      { during: [office, weekend], otherwise: 'wait', always: ['CRITICAL'] },
      { during: [weekend], otherwise: { to: ['team'] }, always: [] },
    ])
  })

  it('the settings can name another registry file, which must then exist', async () => {
    const root = projectWith({ 'routing/prod.yaml': REGISTRY })
    const options = { root, destinationTypes: TYPES }
    expect((await loadProject(options)).registry).toBe('absent')
    const named = await loadProject({ ...options, destinationsFile: 'routing/prod.yaml' })
    expect(declaredDestinations(named.registry)[0]?.location).toBe('routing/prod.yaml:4')
    expect(named.configuration).toEqual(['signalbox.yaml', 'routing/prod.yaml', 'silences.yaml'])
    const fromEnvironment = await loadProject({
      ...options,
      environment: { SIGNALBOX_DESTINATIONS: 'routing/prod.yaml' },
    })
    expect(fromEnvironment.registry).not.toBeTypeOf('string')
    const missing = await loadProject({ ...options, destinationsFile: 'nowhere.yaml' })
    expect(missing.problems).toMatchObject([{ code: 'missing-file', file: 'nowhere.yaml' }])
  })
})

describe('a project', () => {
  it('every problem is reported at once, and the files without one are kept', async () => {
    const project = await load({
      'rules/a.yml': rule('A', 'Nonsense: 1\nTags: text\nThreshold: x\n'),
      'rules/b.yml': rule('B').replace('Severity: High\n', ''),
      'rules/c.yml': rule('C'),
      'rules/body.py': BODY,
      'destinations.yaml': 'version: 1\n',
      'signalbox.yaml': 'workers: many\n',
    })
    expect(project.problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'destinations.yaml missing-key',
      'signalbox.yaml wrong-type',
      'rules/a.yml unknown-key',
      'rules/a.yml wrong-type',
      'rules/a.yml wrong-type',
      'rules/b.yml missing-key',
    ])
    expect([...project.detections.keys()]).toEqual(['C'])
  })

  it('a loaded project is deeply frozen', async () => {
    const project = await load({
      'rules/a.yml': rule('A', `Reports: { CIS: [1] }\n${TESTS}`),
      'rules/body.py': BODY,
      'destinations.yaml': REGISTRY,
    })
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) &&
        [...(value instanceof Map ? value.values() : Object.values(value))].every(frozen))
    expect(frozen(project)).toBe(true)
  })

  it('the project root must be a folder', async () => {
    await expect(loadProject({ root: '/nowhere/at/all' })).rejects.toThrow('is not a directory')
  })
})

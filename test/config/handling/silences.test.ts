import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BODY, load, rule } from '../_project.ts'

const NOW = Date.parse('2026-12-01T00:00:00Z')
const REGISTRY = `version: 1
destinations:
  - { name: soc-slack, type: quiet }
  - { name: on-call, type: quiet }
`
const GOOD = `id: patching
    until: 2026-12-20T06:00:00+01:00
    reason: Kernel patching
    owner: platform@example.com
    match: { severities: [LOW] }
`

function fileOf(...silences: readonly string[]): string {
  return `version: 1\nsilences:\n${silences.map((text) => `  - ${text}`).join('')}`
}

function loadWith(silences: string, more: Record<string, string> = {}) {
  const files = {
    'rules/a.yml': rule('AWS.EC2.Reboot'),
    'rules/body.py': BODY,
    'destinations.yaml': REGISTRY,
    'silences.yaml': silences,
    ...more,
  }
  return load(files, { now: () => NOW })
}

const problemsOf = async (...given: Parameters<typeof loadWith>) =>
  (await loadWith(...given)).problems.map(({ severity, code, line, column, message, hint }) =>
    [`${severity} ${code} ${line}:${column}`, message, hint].filter(Boolean).join(' | '),
  )

describe('silences.yaml', () => {
  it('is read with its times, matchers and exceptions', async () => {
    const project = await loadWith(
      fileOf(`id: patching-2026-12
    from: 2026-12-05T00:00:00+01:00
    until: 2026-12-20T06:00:00+01:00
    reason: Kernel patching
    owner: platform@example.com
    match: { detections: [AWS.EC2.*], severities: [Low, MEDIUM], alertTypes: [DETECTION_ERROR] }
    except: { context: { host.name: [db-*] } }
    destinations: [soc-slack]
`),
    )
    expect(project.problems).toEqual([])
    expect(project.handling.silences).toEqual([
      {
        id: 'patching-2026-12',
        from: Date.parse('2026-12-04T23:00:00Z'),
        until: Date.parse('2026-12-20T05:00:00Z'),
        reason: 'Kernel patching',
        owner: 'platform@example.com',
        match: {
          detections: ['AWS.EC2.*'],
          severities: ['LOW', 'MEDIUM'],
          alertTypes: ['RULE_ERROR', 'SCHEDULED_RULE_ERROR', 'POLICY_ERROR', 'CORRELATION_RULE_ERROR'],
        },
        except: { context: { 'host.name': ['db-*'] } },
        destinations: ['soc-slack'],
      },
    ])
    expect(project.configuration).toContain('silences.yaml')
  })

  it('may be absent, unless the settings or the user name it', async () => {
    const files = { 'rules/a.yml': rule('A'), 'rules/body.py': BODY, 'destinations.yaml': REGISTRY }
    expect((await load(files)).problems).toEqual([])
    const named = await load({ ...files, 'signalbox.yaml': 'silences: quiet.yaml\n' })
    expect(named.problems).toMatchObject([{ code: 'missing-file', file: 'quiet.yaml' }])
    const project = await loadWith('', {
      'signalbox.yaml': 'silences: ops/quiet.yaml\n',
      'ops/quiet.yaml': fileOf(GOOD),
    })
    expect(project.handling.silences.map(({ id }) => id)).toEqual(['patching'])
  })

  it.each<[string, string, string]>([
    ['without an end', fileOf(GOOD.replace(/ +until.*\n/, '')), 'error missing-key 3:5'],
    ['without a reason', fileOf(GOOD.replace(/ +reason.*\n/, '')), 'error missing-key 3:5'],
    ['without an owner', fileOf(GOOD.replace(/ +owner.*\n/, '')), 'error missing-key 3:5'],
    ['with an empty reason', fileOf(GOOD.replace('Kernel patching', "''")), 'error bad-value 5:13'],
    ['without a match', fileOf(GOOD.replace(/ +match.*\n/, '')), 'error missing-key 3:5'],
    ['with a time without an offset', fileOf(GOOD.replace('+01:00', '')), 'error bad-value 4:12'],
    [
      'with a date that does not exist',
      fileOf(GOOD.replace('2026-12-20', '2026-12-32')),
      'error bad-value 4:12 | until: "2026-12-32T06:00:00+01:00" is not a date that exists | correct the day or the month',
    ],
    [
      'with an end that is too far away',
      fileOf(GOOD.replace('2026-12-20', '2027-03-20')),
      'error silence-too-long 4:12 | the silence "patching" ends more than 90 days from now | choose an earlier end, or raise maxDays',
    ],
    [
      'that ends before it begins',
      fileOf(`${GOOD}    from: 2026-12-20T05:00:00Z\n`),
      'error bad-value 4:12 | the silence "patching" ends before it begins | write a later time than `from`',
    ],
    [
      'that can hide everything',
      fileOf(GOOD.replace('{ severities: [LOW] }', "{ detections: ['*'] }")),
      'error silence-too-wide 7:12 | the silence "patching" can hide every alert | narrow `match`, or write `everything: true`',
    ],
    [
      'that can hide CRITICAL alerts',
      fileOf(GOOD.replace('severities: [LOW]', 'detections: [AWS.*]')),
      'error silence-too-wide 7:12 | the silence "patching" can hide alerts of the severity CRITICAL | list other `severities` in `match`, or write `critical: true`',
    ],
    ['with an id of the store', fileOf(GOOD.replace('patching', 's-1')), 'error bad-value 3:9'],
    [
      'with the id of another one',
      fileOf(GOOD, GOOD.replace('LOW', 'HIGH')),
      'error duplicate-name 8:9 | duplicate id "patching" of a silence | give each silence an id of its own',
    ],
    [
      'at a destination that does not exist',
      fileOf(`${GOOD}    destinations: [soc-slak]\n`),
      'error unknown-destination 8:20 | unknown destination "soc-slak" | did you mean "soc-slack"?',
    ],
    ['with an unknown key', fileOf(`${GOOD}    regex: x\n`), 'error unknown-key 8:5'],
  ])('a silence %s is an error with its place, and no silence is used', async (_, text, expected) => {
    const project = await loadWith(text)
    expect(project.handling.silences).toEqual([])
    const problems = await problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]!.startsWith(expected)).toBe(true)
  })

  it.each([
    ['everything', "{ detections: ['*'] }", 'everything: true, critical: true'],
    ['CRITICAL', '{ detections: [AWS.*] }', 'critical: true'],
    ['all but CRITICAL', '{ detections: [AWS.*] }', 'except: { severities: [CRITICAL] }'],
  ])('a silence that says so may hide %s', async (_, match, more) => {
    const lines = more.startsWith('except') ? [more] : more.split(', ')
    const extra = lines.map((line) => `    ${line}\n`).join('')
    expect(await problemsOf(fileOf(GOOD.replace('{ severities: [LOW] }', match) + extra))).toEqual([])
  })

  it.each<[string, string[], string[]]>([
    [
      'ends within a week',
      [GOOD.replace('2026-12-20', '2026-12-04')],
      [
        'warning silence-ends 4:12 | the silence "patching" ends within 4 days | check whether its alerts may be sent from then on',
      ],
    ],
    [
      'has ended',
      [GOOD.replace('2026-12-20', '2026-11-20')],
      [
        'warning silence-ended 4:12 | the silence "patching" has ended | remove it; a new silence needs a new id',
      ],
    ],
    [
      'matches nothing',
      [GOOD.replace('{ sev', '{ detections: [AWS.EC2.Rebot, AWS.*], tags: [None], sev')],
      [
        'warning silence-matches-nothing 7:27 | no detection of the project matches "AWS.EC2.Rebot" | did you mean "AWS.EC2.Reboot"? correct it, or remove it from the silence',
        'warning silence-matches-nothing 7:57 | no tag of the project matches "None" | correct it, or remove it from the silence',
      ],
    ],
    [
      'hides nothing more than another one',
      [GOOD, GOOD.replace('patching', 'reboots').replace('{ sev', '{ title: [x], sev')],
      [
        'warning silence-covered 8:9 | the silence "reboots" hides nothing that "patching" does not hide | remove one of them',
      ],
    ],
    ['is the same as an earlier one', [GOOD, GOOD.replace('patching', 'other')], ['silence-covered 8:9']],
    [
      'overlaps another one',
      [GOOD, GOOD.replace('patching', 'other').replace('2026-12-20', '2026-12-21')],
      ['silence-covered 3:9'],
    ],
    [
      'is at other destinations',
      [`${GOOD}    destinations: [soc-slack]\n`, GOOD.replace('patching', 'x').replace('-20', '-10')],
      [],
    ],
  ])('a silence that %s', async (_, silences, expected) => {
    const problems = await problemsOf(fileOf(...silences))
    expect(problems).toHaveLength(expected.length)
    for (const [i, text] of expected.entries()) expect(problems[i]).toContain(text)
  })

  it('the example of the page loads', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/silences.md'), 'utf8')
    const [, example] = /```yaml\n(version[\s\S]*?)```/.exec(page)!
    const project = await loadWith(example!, {
      'rules/a.yml': `${rule('AWS.EC2.Reboot')}Tags: [Patching]\n`,
    })
    expect(project.problems.map(({ code }) => code)).toEqual(['silence-ends'])
  })
})

describe('inhibitions of silences.yaml', () => {
  const inhibitions = (text: string) => `version: 1\ninhibitions:\n  - ${text}`
  const OUTAGE = `id: outage
    when: { detections: [AWS.EC2.Reboot], severities: [HIGH] }
    hide: { severities: [LOW] }
    equal: [host.name]
    for: 2h
`

  it('are read, also without silences', async () => {
    const { handling, problems } = await loadWith(inhibitions(OUTAGE))
    expect(problems).toEqual([])
    expect(handling.silences).toEqual([])
    expect(handling.inhibitions).toEqual([
      {
        id: 'outage',
        when: { detections: ['AWS.EC2.Reboot'], severities: ['HIGH'] },
        hide: { severities: ['LOW'] },
        equal: ['host.name'],
        forMs: 7_200_000,
      },
    ])
  })

  it.each<[string, string, string]>([
    [
      'a time of more than a day',
      OUTAGE.replace('2h', '25h'),
      'error bad-value 7:10 | the inhibition "outage" hides alerts for 25h | write a duration above 0, and at most 24h',
    ],
    [
      'no time at all',
      OUTAGE.replace('2h', '0s'),
      'error bad-value 7:10 | the inhibition "outage" hides alerts for 0s | write a duration above 0, and at most 24h',
    ],
    [
      'a rule that hides what it is about',
      OUTAGE.replace('[LOW]', '[HIGH, LOW]'),
      'error inhibition-hides-itself 5:11 | the inhibition "outage" also hides every alert by which it hides others | narrow `hide`, so that what `when` matches is still sent',
    ],
    [
      'an id that is used twice',
      `${OUTAGE}  - ${OUTAGE}`,
      'error duplicate-name 8:9 | duplicate id "outage" of an inhibition | give each inhibition an id of its own',
    ],
    [
      'a detection that does not exist',
      OUTAGE.replace('AWS.EC2.Reboot', 'AWS.EC2.Reboots'),
      'warning inhibition-matches-nothing 4:26 | no detection of the project matches "AWS.EC2.Reboots" | did you mean "AWS.EC2.Reboot"? correct it, or remove it from the inhibition',
    ],
  ])('%s is a problem with its place', async (_, text, problem) => {
    expect(await problemsOf(inhibitions(text))).toEqual([problem])
  })
})

/** A mistake in the tests of a detection fails the checks, and never takes the detection out of production. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from '../cli/fake-io.ts'
import { LOGIN, makeProject, SOUND } from '../cli/project-on-disk.ts'

const REGISTRY =
  'version: 1\nfallback: [out]\ndestinations:\n  - { name: out, type: file, options: { path: out.ndjson } }\n'
const SPEC = LOGIN.replace('ExpectedDestinations: [inbox]', 'ExpectedDestinations: [out]')
const EVENT = '{"p_log_type":"Test.Log","action":"login","user":"ann"}\n'

const spec = (from: string, to: string) => ({ '.yml': SPEC.replace(from, to) })

/** A title, the files of the detection by the end of their name, the code of the problem. */
const FAULTS: [string, Record<string, string>, string][] = [
  ['a name twice', spec('Name: logout', 'Name: login'), 'duplicate-test'],
  ['an unknown key', spec('    ExpectedSeverity', '    ExpectedSeverty'), 'unknown-key'],
  ['no name', spec('- Name: logout\n    Exp', '- Exp'), 'missing-key'],
  ['no expected result', spec('    ExpectedResult: false\n', ''), 'missing-key'],
  ['no event', spec('    Log: { action: logout }\n', ''), 'exactly-one'],
  ['an expected result that is text', spec('ExpectedResult: false', 'ExpectedResult: "no"'), 'wrong-type'],
  ['a severity that does not exist', spec('ExpectedSeverity: High', 'ExpectedSeverity: Hgh'), 'bad-value'],
  ['a route that does not exist', spec('ExpectedSeverity: High', 'ExpectedRoute: nope'), 'bad-value'],
  ['mocks of a wrong form', spec('    Log: { action: logout }', '    Mocks: [a]\n    Log: {}'), 'wrong-type'],
  ['a case that is text', spec('Tests:\n', 'Tests:\n  - text\n'), 'wrong-type'],
  ['tests that are no list', { '.yml': `${SPEC.split('Tests:')[0]}Tests: text\n` }, 'wrong-type'],
  ['expectations of an unknown case', { '.expect.yml': 'logn: {}\n' }, 'unknown-test'],
  ['expectations with an unknown key', { '.expect.yml': 'logout: { Expectd: 1 }\n' }, 'unknown-key'],
  ['expectations that are no YAML', { '.expect.yml': 'logout: {\n' }, 'yaml-syntax'],
]

interface Fault {
  readonly what: string
  readonly id: string
  readonly files: readonly (readonly [path: string, text: string])[]
  /** The location at which a command reports it as an error. */
  readonly report: RegExp
}

const faults = FAULTS.map(([what, files, code], at): Fault => {
  const id = `Test.Fault${at}`
  const stem = `detections/fault${at}`
  return {
    what,
    id,
    files: Object.entries({ '.yml': SPEC, ...files }).map(([end, text]) => [
      `${stem}${end}`,
      text.replace('RuleID: Test.Login', `RuleID: ${id}`),
    ]),
    report: new RegExp(`^${stem}${Object.keys(files)[0]}:\\d+:\\d+ error .*\\[${code}\\]$`, 'm'),
  }
})

const projectOf = (chosen: readonly Fault[]) =>
  makeProject({
    ...SOUND,
    'detections/login.yml': SPEC,
    'destinations.yaml': REGISTRY,
    ...Object.fromEntries(chosen.flatMap(({ files }) => files)),
  })

/** Each mistake is in a detection of its own: to start Python for each takes longer than all of them together. */
describe('tests of a detection with a mistake', () => {
  let [validated, tested]: Ran[] = []
  beforeAll(async () => {
    const root = projectOf(faults)
    validated = await signalbox(['validate', '--project', root])
    tested = await signalbox(['test', '--project', root])
  })

  it.each(faults)('validate and test fail on $what', ({ id, report }) => {
    expect([validated!.code, tested!.code]).toEqual([1, 1])
    expect(validated!.out).toMatch(report)
    expect(tested!.err).toMatch(report)
    expect(tested!.out).toContain(id)
  })
})

/** `run` prints no more errors than these. */
const MAX_PRINTED = 5
const printable = Array.from({ length: Math.ceil(faults.length / MAX_PRINTED) }, (_, at) =>
  faults.slice(at * MAX_PRINTED, (at + 1) * MAX_PRINTED),
)

describe.each(printable.map((chosen) => ({ chosen })))(
  'tests of a detection with a mistake in run',
  ({ chosen }) => {
    let ran: Ran | undefined
    let alerts: string[][] = []
    beforeAll(async () => {
      const root = projectOf(chosen)
      ran = await signalbox(['run', '--from', 'stdin', '--store', 'memory:', '--project', root], EVENT)
      const lines = readFileSync(join(root, 'out.ndjson'), 'utf8').trim().split('\n')
      alerts = lines.map((line) => {
        const { notification } = JSON.parse(line) as { notification: { id: string; title: string } }
        return [notification.id, notification.title]
      })
    })

    it.each(chosen)(
      'run evaluates the detection and prints the error of $what at the start',
      ({ id, report }) => {
        expect(ran!.err).toMatch(report)
        expect(ran!.code).toBe(0)
        expect(alerts).toContainEqual([id, expect.stringContaining('ann logged in')])
      },
    )
  },
)

it('the cases that have no mistake still run', async () => {
  const { code, out } = await signalbox([
    'test',
    '--format',
    'json',
    '--project',
    makeProject({
      ...SOUND,
      'detections/login.yml': SPEC.replace('ExpectedResult: false', 'ExpectedResult: "no"'),
    }),
  ])
  const { detections } = JSON.parse(out)
  const login = detections.find(({ id }: { id: string }) => id === 'Test.Login')
  expect(login.tests.map(({ name }: { name: string }) => name)).toEqual(['login'])
  expect(code).toBe(1)
})

it('an error outside of Tests still keeps the file out', async () => {
  const root = makeProject({
    ...SOUND,
    'detections/login.yml': LOGIN.replace('Severity: High', 'Severity: Hgh'),
  })
  const { code, err } = await signalbox(['run', '--from', 'stdin', '--project', root], EVENT)
  expect(code).toBe(2)
  expect(err).toContain('detections/login.yml')
})

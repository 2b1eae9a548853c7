/** A mistake in the tests of a detection fails the checks, and never takes the detection out of production. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'
import { LOGIN, makeProject, SOUND } from '../cli/project-on-disk.ts'

const REGISTRY =
  'version: 1\nfallback: [out]\ndestinations:\n  - { name: out, type: file, options: { path: out.ndjson } }\n'
const SPEC = LOGIN.replace('ExpectedDestinations: [inbox]', 'ExpectedDestinations: [out]')
const EVENT = '{"p_log_type":"Test.Log","action":"login","user":"ann"}\n'

const spec = (from: string, to: string) => ({ 'detections/login.yml': SPEC.replace(from, to) })

const FAULTS: [string, Record<string, string>, string][] = [
  ['a name twice', spec('Name: logout', 'Name: login'), 'duplicate-test'],
  ['an unknown key', spec('    ExpectedSeverity', '    ExpectedSeverty'), 'unknown-key'],
  ['no name', spec('- Name: logout\n    Exp', '- Exp'), 'missing-key'],
  ['no expected result', spec('    ExpectedResult: false\n', ''), 'missing-key'],
  ['no event', spec('    Log: { action: logout }\n', ''), 'missing-key'],
  ['an expected result that is text', spec('ExpectedResult: false', 'ExpectedResult: "no"'), 'wrong-type'],
  ['a severity that does not exist', spec('ExpectedSeverity: High', 'ExpectedSeverity: Hgh'), 'bad-value'],
  ['a route that does not exist', spec('ExpectedSeverity: High', 'ExpectedRoute: nope'), 'bad-value'],
  ['mocks of a wrong form', spec('    Log: { action: logout }', '    Mocks: [a]\n    Log: {}'), 'wrong-type'],
  ['a case that is text', spec('Tests:\n', 'Tests:\n  - text\n'), 'wrong-type'],
  [
    'tests that are no list',
    { 'detections/login.yml': `${SPEC.split('Tests:')[0]}Tests: text\n` },
    'wrong-type',
  ],
  ['expectations of an unknown case', { 'detections/login.expect.yml': 'logn: {}\n' }, 'unknown-test'],
  [
    'expectations with an unknown key',
    { 'detections/login.expect.yml': 'logout: { Expectd: 1 }\n' },
    'unknown-key',
  ],
  ['expectations that are no YAML', { 'detections/login.expect.yml': 'logout: {\n' }, 'yaml-syntax'],
]

describe.each(FAULTS)('tests with %s', (_, files, code) => {
  const project = () =>
    makeProject({ ...SOUND, 'detections/login.yml': SPEC, 'destinations.yaml': REGISTRY, ...files })

  it('fail validate and test', async () => {
    const root = project()
    const validated = await signalbox(['validate', '--project', root])
    const tested = await signalbox(['test', '--project', root])
    expect([validated.code, tested.code]).toEqual([1, 1])
    expect(validated.out).toContain(`[${code}]`)
    expect(tested.err).toContain(`[${code}]`)
    expect(tested.out).toContain('Test.Login')
  })

  it('let the detection run, with the error at the start', async () => {
    const root = project()
    const { code: exit, err } = await signalbox(
      ['run', '--from', 'stdin', '--store', 'memory:', '--project', root],
      EVENT,
    )
    expect(err).toContain(`[${code}]`)
    expect(exit).toBe(0)
    expect(readFileSync(join(root, 'out.ndjson'), 'utf8')).toContain('ann logged in')
  })
})

it('the cases that have no mistake still run', async () => {
  const { code, out } = await signalbox([
    'test',
    '--format',
    'json',
    '--project',
    makeProject({ ...SOUND, ...spec('ExpectedResult: false', 'ExpectedResult: "no"') }),
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

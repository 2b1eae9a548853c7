/** What exists and has errors is never described as absent, and no command answers from it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Ran, signalbox } from './fake-io.ts'
import { LOGIN, makeProject, SOUND } from './project-on-disk.ts'

const BROKEN_REGISTRY = {
  ...SOUND,
  'destinations.yaml': SOUND['destinations.yaml'].replace('type: console', 'type: consol'),
}
const SETTINGS_ELSEWHERE = { ...SOUND, 'signalbox.yaml': 'worker: 1\ndestinations: other.yaml\n' }
const { 'destinations.yaml': _, ...WITHOUT_REGISTRY } = SOUND

const CASE = ['--detection', 'Test.Login', '--test', 'login']
const ANSWERS = [
  ['explain', ...CASE],
  ['debug', 'Test.Login', 'login'],
  ['routes'],
  ['routes', '--graph', 'mermaid'],
  ['destinations', 'list'],
  ['destinations', 'add', 'more', '--type', 'console'],
]

let explained: Promise<Ran> | undefined
/** The error is in another detection. */
function explainBesideAnError(): Promise<Ran> {
  const other = LOGIN.replaceAll('Test.Login', 'Test.Other').replace('Severity: High', 'Severty: High')
  explained ??= run({ ...SOUND, 'detections/other.yml': other }, ['explain', ...CASE])
  return explained
}

/** Two tests use the same output. */
const validations = new Map<object, Promise<Ran>>()
function validate(files: Readonly<Record<string, string>>): Promise<Ran> {
  const validated = validations.get(files) ?? run(files, ['validate'])
  validations.set(files, validated)
  return validated
}

function run(files: Readonly<Record<string, string>>, argv: readonly string[]) {
  return signalbox([...argv, '--project', makeProject(files)])
}

describe.each([
  ['a registry', BROKEN_REGISTRY, 'destinations.yaml:4:11 error'],
  ['settings', SETTINGS_ELSEWHERE, 'signalbox.yaml:1:1 error'],
  [
    'settings that name the registry',
    { ...WITHOUT_REGISTRY, 'signalbox.yaml': 'worker: 1\n' },
    'signalbox.yaml:1:1 error',
  ],
])('%s with an error', (_, files, place) => {
  it.each(ANSWERS)('is printed by %s %s, which exits 2', async (...argv) => {
    const { code, out, err } = await run(files, argv)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(place)
    expect(err).not.toMatch(
      /destinations\.yaml (?:was )?not found|no destinations\.yaml|there is no registry/,
    )
  })

  it('validate and test name the file and report nothing as absent', async () => {
    const validated = await validate(files)
    const tested = await run(files, ['test'])
    expect([validated.code, tested.code]).toEqual([1, 1])
    for (const text of [validated.out, tested.out + tested.err]) {
      expect(text).toContain(place)
      expect(text).not.toMatch(
        /destinations\.yaml (?:was )?not found|no destinations\.yaml|there is no registry/,
      )
    }
  })
})

it('validate distinguishes a missing registry from an invalid one', async () => {
  expect((await validate(BROKEN_REGISTRY)).out).toContain('destinations.yaml has errors: 1 error')
  expect((await run(WITHOUT_REGISTRY, ['validate'])).out).toContain('no destinations.yaml: no problems')
})

it('explain and debug answer without a registry and report that it is missing', async () => {
  const explained = await run(WITHOUT_REGISTRY, ['explain', ...CASE])
  expect(explained.code).toBe(0)
  expect(explained.out).toContain(
    'unresolved: the static severity is HIGH, but destinations.yaml was not found',
  )
})

it('settings with an error do not lead to the default store', async () => {
  const { code, err } = await run({ ...SOUND, 'signalbox.yaml': 'stor: sqlite:other.db\n' }, [
    'alerts',
    'list',
  ])
  expect(code).toBe(2)
  expect(err).toContain('signalbox.yaml:1:1 error')
})

describe.each([
  [
    'a helper',
    {
      'global_helpers/h.yml': 'AnalysisType: global\nGlobalID: h\nFilename: h.py\nTag: [a]\n',
      'global_helpers/h.py': '',
    },
    'global_helpers/h.yml:4:1 error',
  ],
  [
    'a data model',
    {
      'data_models/m.yml':
        'AnalysisType: datamodel\nDataModelID: m\nEnabled: true\nLogTypes: [Test.Log]\nMappings: []\nTag: []\n',
    },
    'data_models/m.yml:6:1 error',
  ],
  [
    'an .expect.yml file',
    { 'detections/login.expect.yml': 'logn: { ExpectedSeverity: High }\n' },
    'detections/login.expect.yml:1:1 error',
  ],
  ['a lock of packages', { 'python-packages.lock': '{ "version": 1' }, 'python-packages.lock error'],
])('%s with an error', (_, more, place) => {
  it.each([
    ['explain', ...CASE],
    ['debug', 'Test.Login', 'login'],
  ])('is printed by %s, which exits 2', async (...argv) => {
    const { code, err } = await run({ ...SOUND, ...more }, argv)
    expect(err).toContain(place)
    expect(code).toBe(2)
  })

  it('explain answers although another detection has an error', async () => {
    expect((await explainBesideAnError()).code).toBe(0)
  })
})

describe('an env file', () => {
  it.each([
    ['A=1\nSECRET hunter2\n', 2],
    ['A="one\ntwo"\nB\n', 3],
  ])(
    'an env file with the line %j is rejected with the number of the line and without its text',
    async (text, line) => {
      const root = makeProject(SOUND)
      const file = join(root, 'broken.env')
      writeFileSync(file, text)
      const { code, err } = await signalbox(['validate', '--env-file', file, '--project', root])
      expect(code).toBe(2)
      expect(err).toContain(`invalid line ${file}:${line}: expected NAME=value`)
      expect(err).not.toContain('hunter2')
    },
  )

  it('an env file may contain comments, blank lines, export and quotes', async () => {
    const root = makeProject(SOUND)
    const file = join(root, 'sound.env')
    writeFileSync(file, '# first\n\nexport A=1\r\nB="one\ntwo # three"\nC = \'x\' # four\nD=\n')
    expect((await signalbox(['validate', '--env-file', file, '--project', root])).code).toBe(0)
  })
})

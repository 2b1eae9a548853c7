/** What a repository with many equal findings prints. */
import { describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { LOGIN, makeProject, SOUND } from './project-on-disk.ts'

const COUNT = 5

/** Rules that differ in name only, with one body. */
function rules(body: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: COUNT }, (_, at) => [
      [`detections/r${at}.yml`, LOGIN.replace('Test.Login', `Test.R${at}`).replace('login.py', `r${at}.py`)],
      [`detections/r${at}.py`, body],
    ]).flat(),
  )
}

const MISSING = rules('import absent\ndef rule(event):\n    return True\n')
const SEVERITIES = rules(
  'def rule(event):\n    return event.get("action") == "login"\ndef severity(event):\n    return "LOW" if event.get("x") else "INFO"\n',
)

const run = (files: Readonly<Record<string, string>>, ...argv: string[]) =>
  signalbox([...argv, '--project', makeProject({ ...SOUND, ...files })])

describe('one missing package', () => {
  it('one missing package is one entry in validate, test and run', async () => {
    for (const argv of [['validate'], ['test'], ['run', '--from', 'stdin']]) {
      const { code, out, err } = await run(MISSING, ...argv)
      const text = out + err
      expect(code, argv[0]).toBeGreaterThan(0)
      expect(text.match(/\[python-error\]/g), argv[0]).toHaveLength(1)
      expect(text).toContain(`${COUNT} places error ModuleNotFoundError: No module named 'absent'`)
    }
  })

  it('one missing package is listed for each body with --verbose and in JSON', async () => {
    expect((await run(MISSING, 'validate', '--verbose')).out.match(/\[python-error\]/g)).toHaveLength(COUNT)
    const { problems } = JSON.parse((await run(MISSING, 'validate', '--format', 'json')).out)
    expect(problems).toHaveLength(COUNT)
  })
})

describe('severities that only the fallback accepts', () => {
  it('severities that only the fallback accepts are one line of information and no warning', async () => {
    const { code, out } = await run(SEVERITIES, 'validate', '--fail-on-warnings')
    expect(code).toBe(0)
    expect(out).toContain(
      `destinations.yaml info ${COUNT} detections can return LOW or INFO, which no destination accepts; such alerts go only to the fallback [untaken-severity]`,
    )
    expect(out).toMatch(/: no problems\n$/)
  })

  it('a comment turns this off for a detection, and the settings for all', async () => {
    const first = {
      'detections/r0.yml': SEVERITIES['detections/r0.yml']!.replace(
        'Severity: High',
        'Severity: High # signalbox-ignore: untaken-severity',
      ),
    }
    expect((await run({ ...SEVERITIES, ...first }, 'validate')).out).toContain('info 4 detections')
    for (const settings of ['lint: { off: [untaken-severity] }', 'warnings: { off: [untaken-severity] }']) {
      const { out } = await run({ ...SEVERITIES, 'signalbox.yaml': `workers: 1\n${settings}\n` }, 'validate')
      expect(out).not.toContain('untaken-severity')
    }
  })
})

it('the first problem of a lint code says how to turn it off, and the advice works', async () => {
  const shadowed = Object.fromEntries(
    Object.entries(SEVERITIES).map(([path, text]) => [
      path,
      path.endsWith('.yml') ? `${text}OutputIds: [inbox]\n` : text,
    ]),
  )
  const { out } = await run(shadowed, 'validate', '--verbose')
  expect(out.match(/\[shadowed-severity\]\n/g)).toHaveLength(COUNT)
  const ways = [
    ...out.matchAll(/to turn it off, use (lint: \{ off: \[shadowed-severity\] \}) in signalbox\.yaml/g),
  ]
  expect(ways).toHaveLength(1)
  const off = await run({ ...shadowed, 'signalbox.yaml': `workers: 1\n${ways[0]![1]}\n` }, 'validate')
  expect(off.out).not.toContain('shadowed-severity')
})

/** A small project in a folder of its own, removed after the tests of the file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

const DESTINATIONS = `version: 1
destinations:
  - name: inbox
    type: console
    severities: [HIGH, CRITICAL]
  - name: archive # signalbox-ignore: unreachable-destination
    type: file
    options: { path: out.ndjson }
fallback: [inbox]
`

export const LOGIN = `AnalysisType: rule
RuleID: Test.Login
Filename: login.py
Enabled: true
Severity: High
LogTypes: [Test.Log]
Tests:
  - Name: login
    ExpectedResult: true
    ExpectedSeverity: High
    ExpectedDestinations: [inbox]
    ExpectedTitle: ann logged in
    Log: { action: login, user: ann, n: 53.0 }
  - Name: logout
    ExpectedResult: false
    Log: { action: logout }
`
const LOGIN_BODY = `def rule(event):
    return event.get("action") == "login"

def title(event):
    return event["user"] + " logged in"
`

export const DISABLED = `AnalysisType: rule
RuleID: Test.Disabled
Filename: disabled.py
Enabled: false
Severity: Low
LogTypes: [Test.Log]
`
const DISABLED_BODY = 'def rule(event):\n    return False\n'

/** The project has one worker, because starting Python takes most of the time. */
export const SOUND = {
  'signalbox.yaml': 'workers: 1\n',
  'destinations.yaml': DESTINATIONS,
  'detections/login.yml': LOGIN,
  'detections/login.py': LOGIN_BODY,
  'detections/disabled.yml': DISABLED,
  'detections/disabled.py': DISABLED_BODY,
}

const made: string[] = []

afterAll(() => {
  for (const root of made) rmSync(root, { recursive: true, force: true })
})

/**
 * One project has a detection for each body, because starting Python for each takes longer than running all of them.
 */
export function withBodies(
  bodies: readonly (readonly [name: string, body: string, ...unknown[]])[],
  more: Readonly<Record<string, string>> = {},
): string {
  const files = bodies.flatMap(([name, body]) => [
    [`detections/${name}.yml`, LOGIN.replace('Test.Login', `Test.${name}`).replace('login.py', `${name}.py`)],
    [`detections/${name}.py`, body],
  ])
  return makeProject({ ...SOUND, ...(Object.fromEntries(files) as Record<string, string>), ...more })
}

/** Returns the output of `test` for one detection. */
export function partOf(out: string, name: string): string {
  const [, part = ''] = out.split(new RegExp(`^FAIL +Test\\.${name}\\b`, 'm'))
  return part.split(/^[A-Z]+ +Test\./m)[0]!
}

/** Path -> text. */
export function makeProject(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  made.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

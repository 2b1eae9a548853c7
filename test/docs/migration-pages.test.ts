/** The detections of the migration guides load, and their cases pass. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { readPage } from './markdown-pages.ts'

const elastalert = readPage('docs/migrate/elastalert2.md').text
const sigma = readPage('docs/migrate/sigma.md').text
const blocks = (mark: string) => [
  ...elastalert.matchAll(new RegExp(`<!-- ${mark} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``, 'g')),
]

describe('the guide for ElastAlert 2', () => {
  it('has detections that pass their cases', async () => {
    const specs = blocks('spec').map(([, spec = ''], at) => [`detections/spec${at}.yml`, spec])
    const bodies = blocks('body: (\\S+)').map(([, name, body = '']) => [`detections/${name}`, body])
    const root = makeProject({
      'signalbox.yaml': 'workers: 1\n',
      ...Object.fromEntries([...specs, ...bodies]),
    })
    const { code, out, err } = await signalbox(['test', '--project', root, '--fail-on-warnings'])
    expect({ code, err }, out).toEqual({ code: 0, err: expect.any(String) })
    expect(out).toMatch(/^Detections {2}2 passed$/m)
    expect(out).toMatch(/^Tests {7}4 passed/m)
  })
})

/** What pySigma-backend-panther 0.3.1 made of a rule for the console login of the root account. */
const CONVERTED = `AnalysisType: rule
Description: 'Detects a console login of the root account.


  Status: test'
Detection:
- All:
  - Condition: Equals
    KeyPath: userIdentity.type
    Value: Root
  - Condition: Contains
    KeyPath: eventName
    Value: Login
  - Condition: DoesNotEqual
    KeyPath: eventType
    Value: AwsServiceEvent
DisplayName: AWS Root Account Used
Enabled: true
LogTypes:
- AWS.CloudTrail
Reports:
  MITRE ATT&CK:
  - TA0004:T1078.004
RuleID: root_simple
Severity: Medium
Tags:
- Sigma
`

describe('the guide for Sigma', () => {
  const [derived = '', overrides = ''] = [...sigma.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, each]) => each!,
  )
  const root = makeProject({
    'signalbox.yaml': 'workers: 1\n',
    'destinations.yaml': `version: 1
destinations:
  - { name: terminal, type: console, severities: [MEDIUM, HIGH] }
${overrides}`,
    'detections/rules/sigma/root_simple.yml': CONVERTED,
    'detections/rules/own/root_login.yml': derived,
    'event.json': JSON.stringify({
      eventName: 'ConsoleLogin',
      eventType: 'AwsConsoleSignIn',
      recipientAccountId: '123',
      userIdentity: { type: 'Root' },
    }),
  })

  it('has a derived rule whose case passes on the conditions of the converted rule', async () => {
    const { code, out, err } = await signalbox(['test', '--project', root, '--fail-on-warnings'])
    expect({ code, err }, out).toEqual({ code: 0, err: expect.any(String) })
    expect(out).toContain('PASS      Acme.RootLogin  1 test')
  })

  it('has an override with which one event makes one alert', async () => {
    const argv = ['run', '--project', root, '--store', 'memory:']
    const from = `file:${join(root, 'event.json')}?logType=AWS.CloudTrail`
    const { code, err } = await signalbox([...argv, '--from', from])
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^alerts {6}1 created$/m) })
    expect(err).toContain('Acme.RootLogin')
  })
})

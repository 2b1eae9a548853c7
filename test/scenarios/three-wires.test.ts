/** One alert to Jira, to a mailbox and to PagerDuty at once, each on its own wire, through the command. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { type MailServer, SMTP_PASSWORD, startMail } from '../support/mail.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

const CA = join(import.meta.dirname, '..', 'support', 'tls')

let jira: Receiver
let pagerduty: Receiver
let mail: MailServer
beforeEach(async () => {
  jira = await startReceiver()
  pagerduty = await startReceiver()
  mail = await startMail()
})
afterEach(async () => {
  await jira.close()
  await pagerduty.close()
  await mail.close()
})

const destinations = () => `version: 1
destinations:
  - name: soc-jira
    type: jira
    severities: [CRITICAL]
    options: { url: '${jira.url}', projectKey: SOC, personalAccessToken: '\${env:JIRA_TOKEN}', deployment: dataCenter }
  - name: soc-mail
    type: email
    severities: [CRITICAL]
    options:
      host: localhost
      port: ${mail.port}
      user: signalbox
      password: \${env:SMTP_PASSWORD}
      ca: \${file:${join(CA, 'ca.pem')}}
      from: signalbox@example.com
      to: [soc@example.com]
  - name: on-call
    type: pagerduty
    severities: [CRITICAL]
    options: { apiUrl: '${pagerduty.url}', integrationKey: '\${env:PAGERDUTY_KEY}' }
`

const RULE = {
  'detections/root_login.yml': `AnalysisType: rule
RuleID: AWS.RootLogin
Filename: root_login.py
Enabled: true
LogTypes: [AWS.CloudTrail]
Severity: Critical
`,
  'detections/root_login.py': 'def rule(event):\n    return True\n',
}

it('each destination gets exactly one message while Jira answers 500 twice', async () => {
  // Each further attempt searches for the issue first, and finds none twice.
  const nothing = { status: 200, body: '{"issues":[]}' }
  jira.script({ status: 500 }, nothing, { status: 500 }, nothing, { status: 201, body: '{"key":"SOC-1"}' })
  pagerduty.script({ status: 202, body: '{"status":"success","dedup_key":"k"}' })
  const root = makeProject({ ...RULE, 'destinations.yaml': destinations() })
  const args = ['run', '--project', root, '--store', 'memory:', '--secrets-dir', CA]
  const secrets = {
    JIRA_TOKEN: 'T0KEN-of-jira',
    SMTP_PASSWORD,
    PAGERDUTY_KEY: 'T0KENT0KENT0KENT0KENT0KENT0KEN00',
  }
  const { code, err } = await signalbox(
    [...args, '--from', 'stdin?logType=AWS.CloudTrail'],
    '{"eventName":"ConsoleLogin"}\n',
    secrets,
  )
  await jira.until(5)
  await pagerduty.until(1)
  expect([code, err.match(/deliveries {2}.*/)?.[0]]).toEqual([0, 'deliveries  3 delivered'])
  expect(jira.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST', 'GET', 'POST'])
  expect(new Set(jira.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  expect(mail.mails.map(({ subject }) => subject)).toEqual(['[CRITICAL] New Alert: AWS.RootLogin'])
  expect(JSON.parse(pagerduty.requests[0]!.body)).toMatchObject({ payload: { severity: 'critical' } })
  for (const secret of Object.values(secrets)) expect(err).not.toContain(secret)
})

/** CloudTrail files in S3 that a queue names, while the daemon is killed: each event makes one alert in Slack. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { storedAlerts } from '../chaos/stored-alerts.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { KEY_ID, SECRET, startAws } from '../support/aws.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const KILLS = 2
const OBJECTS = 3
const EVENTS = 400

/** Each root login makes its own alert, which counts how often the event came. */
const PROJECT = {
  'detections/root_login.yml': `AnalysisType: rule
RuleID: Root.Login
Filename: root_login.py
Enabled: true
LogTypes: [AWS.CloudTrail]
Severity: High
`,
  'detections/root_login.py': `def rule(event):
    return event.deep_get("userIdentity", "type") == "Root"


def title(event):
    return f"root login {event['eventID']}"


def dedup(event):
    return event["eventID"]
`,
  // What a killed daemon held is free soon.
  'signalbox.yaml': 'cluster: { leaseMs: 2000 }\n',
  'destinations.yaml': `version: 1
destinations:
  - name: soc
    type: slack
    severities: [HIGH]
    options: { webhookUrl: '\${env:RECEIVER}' }
`,
}

function cloudTrailEvent(id: string, isRoot: boolean): object {
  return {
    eventVersion: '1.11',
    eventID: id,
    eventTime: '2026-01-31T12:00:00Z',
    eventSource: 'signin.amazonaws.com',
    eventName: 'ConsoleLogin',
    awsRegion: 'us-east-1',
    userIdentity: { type: isRoot ? 'Root' : 'IAMUser', accountId: '123456789012' },
  }
}

it('files of CloudTrail whose daemon is killed while it reads them are counted event by event', async () => {
  const aws = await startAws()
  const receiver = await startReceiver()
  try {
    const queue = await aws.createQueue('trail')
    await aws.createBucket('trail')
    const root = makeProject({ ...PROJECT, '.env': `RECEIVER=${receiver.url}\n` })
    const logins: string[] = []
    for (let n = 0; n < OBJECTS; n++) {
      const Records = Array.from({ length: EVENTS }, (_, i) => {
        const isRoot = i % 20 === 7
        if (isRoot) logins.push(`${n}-${i}`)
        return cloudTrailEvent(`${n}-${i}`, isRoot)
      })
      const key = `AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/31/file ${n}.json.gz`
      const headers = { 'content-encoding': 'gzip' }
      const eTag = await aws.putObject('trail', key, gzipSync(JSON.stringify({ Records })), headers)
      const object = { key: key.replaceAll(' ', '+'), eTag }
      const s3 = { bucket: { name: 'trail' }, object }
      const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }
      await aws.sendTo(queue, JSON.stringify({ Records: [record] }))
    }
    const url = encodeURIComponent(aws.url)
    const options = `region=us-east-1&endpoint=${url}&objectEndpoint=${url}&buckets=trail&receivers=1`
    const sources = [`sqs:${queue}?${options}&unwrap=Records&logType=AWS.CloudTrail&name=trail`]
    const credentials = { AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET }
    const received = () =>
      new Set(receiver.requests.flatMap(({ body }) => /root login (\d+-\d+)/.exec(body)?.[1] ?? []))
    for (let kill = 0; kill <= KILLS; kill++) {
      const daemon = startDaemonProcess(REPOSITORY, root, credentials, sources)
      await untilReady(daemon)
      // The first alerts of another object are there; its other events are somewhere before their commit.
      if (kill < KILLS) await until(() => received().size > kill * (EVENTS / 20))
      else await until(async () => received().size >= logins.length && (await aws.countIn('trail')) === 0)
      await daemon.kill(kill < KILLS ? 'SIGKILL' : 'SIGTERM')
      await aws.returnReceived()
    }
    expect(received()).toEqual(new Set(logins))
    const stored = await storedAlerts(root)
    expect(stored.map(({ events }) => events)).toEqual(logins.map(() => 1))
    expect(aws.faults).toEqual([])
    receiver.expect(receiver.requests.length)
  } finally {
    await receiver.close()
    await aws.close()
  }
})

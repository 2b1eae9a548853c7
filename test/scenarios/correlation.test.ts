/** Correlation through the real command: lines in, signals kept, one alert out, whatever is killed in between. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { openStore } from '../../src/store/open.ts'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { manualClock } from '../support/clock.ts'
import { startCommand } from '../support/process.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const signalRule = (id: string, result: string) => `AnalysisType: rule
RuleID: ${id}
Enabled: true
CreateAlert: false
Severity: Info
LogTypes: [${id}.Log]
Detection:
  - { Key: result, Condition: Equals, Value: ${result} }
AlertContext:
  - { KeyName: who, KeyValue: { KeyPath: user.name } }
`
const FILES = {
  'signalbox.yaml': 'workers: 1\n',
  'destinations.yaml': `version: 1
destinations:
  - { name: soc, type: webhook, logTypes: [Success.Log], severities: [HIGH], options: { url: '\${env:RECEIVER}/soc' } }
  - { name: other, type: webhook, logTypes: [Else.Log], severities: [HIGH], options: { url: '\${env:RECEIVER}/other' } }
`,
  'detections/failed.yml': signalRule('Failed', 'failed'),
  'detections/success.yml': signalRule('Success', 'ok'),
  'detections/brute.yml': `AnalysisType: correlation_rule
RuleID: Brute.Force
DisplayName: Guessed a password
Enabled: true
Severity: High
Detection:
  - Sequence:
      - { ID: Failures, RuleID: Failed, MinMatchCount: 2 }
      - { ID: Success, RuleID: Success }
    Transitions:
      - { From: Failures, To: Success, WithinTimeFrameMinutes: 10, Match: [{ From: user.name, To: p_alert_context.who }] }
    Schedule: { RateMinutes: 1440, TimeoutMinutes: 1 }
    LookbackWindowMinutes: 30
`,
}

function line(type: string, result: string, user: string, minute: number): string {
  const time = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
  return `${JSON.stringify({ p_log_type: `${type}.Log`, result, user: { name: user }, p_event_time: time })}\n`
}
/** Out of order; bob succeeds too late, eve fails once. */
const BEFORE = [
  line('Failed', 'failed', 'ann', 3),
  line('Failed', 'failed', 'bob', 0),
  line('Failed', 'failed', 'bob', 1),
  line('Failed', 'failed', 'eve', 1),
  line('Failed', 'other', 'ann', 1),
].join('')
const AFTER = [
  line('Success', 'ok', 'ann', 13),
  line('Success', 'ok', 'bob', 12),
  line('Success', 'ok', 'eve', 2),
  line('Failed', 'failed', 'ann', 2),
].join('')

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

it('signals from before and after kill -9 make exactly one alert', async () => {
  receiver.expect(1)
  const root = makeProject(FILES)
  const events = join(root, 'events.ndjson')
  writeFileSync(events, BEFORE)
  const start = () => {
    const daemon = startCommand(['run', '--project', root, '--from', `file:${events}?follow=true`], {
      RECEIVER: receiver.url,
    })
    // A test that fails ends before it has ended its daemon.
    onTestFinished(async () => void (await daemon.kill('SIGKILL')))
    return daemon
  }
  const stored = (count: number) =>
    until(async () => {
      const store = await openStore('sqlite:.signalbox/signalbox.db', {
        clock: manualClock(),
        projectRoot: root,
        readOnly: true,
      }).catch(() => null)
      const signals = await store?.signals({ limit: 100 }).catch(() => [])
      await store?.close()
      return signals?.length === count
    })

  const first = start()
  await stored(4)
  await first.kill('SIGKILL')
  appendFileSync(events, AFTER)
  const second = start()
  await stored(8)
  await second.kill('SIGKILL')
  expect(receiver.requests).toEqual([])

  const third = start()
  await receiver.until(1)
  expect(await third.kill('SIGTERM')).toBe(0)
  const { path, body } = receiver.requests[0]!
  expect([receiver.requests.length, path]).toEqual([1, '/soc'])
  const notification = JSON.parse(body) as Notification
  expect(notification).toMatchObject({
    id: 'Brute.Force',
    type: 'CORRELATION_RULE',
    title: 'New Alert: Guessed a password',
    alertContext: { match: 'ann', count: 3 },
  })
})

it('the events of a file are correlated before the run ends', async () => {
  receiver.expect(1)
  const root = makeProject({ ...FILES, 'events.ndjson': BEFORE + AFTER })
  const from = `file:${join(root, 'events.ndjson')}`
  const { code, err } = await signalbox(
    ['run', '--project', root, '--store', 'memory:', '--from', from],
    '',
    {
      RECEIVER: receiver.url,
    },
  )
  expect([code, err]).toEqual([0, expect.stringMatching(/alerts {6}1 created/)])
})

/** A followed file from the daemon's first moment: killed as soon as it is ready, and the file rotated meanwhile. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Notification } from '../../src/model/alert.ts'
import { startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

const TELLS = {
  'detections/tells.yml': `AnalysisType: rule
RuleID: Tells
Filename: tells.py
Enabled: true
LogTypes: [Test.Log]
Severity: High
`,
  'detections/tells.py': `def rule(event):
    return True


def dedup(event):
    return event["id"]


def alert_context(event):
    return {"id": event["id"]}
`,
  'destinations.yaml': `version: 1
destinations:
  - name: receiver
    type: webhook
    severities: [HIGH]
    options: { url: '\${env:RECEIVER}' }
`,
}

const line = (id: string) => `${JSON.stringify({ id, p_log_type: 'Test.Log' })}\n`

it.each([
  ['is there, but empty', (file: string) => writeFileSync(file, ''), []],
  ['holds lines already', (file: string) => writeFileSync(file, line('before')), ['before']],
  ['is not there yet', () => {}, []],
])('a file that %s loses no line to a kill before the first commit', async (_what, make, before) => {
  const receiver = await startReceiver()
  onTestFinished(() => receiver.close())
  const root = makeProject({ ...TELLS, '.env': `RECEIVER=${receiver.url}\n` })
  const file = join(root, 'events.ndjson')
  make(file)

  const first = startDaemonProcess(REPOSITORY, root)
  await untilReady(first)
  appendFileSync(file, line('while it ran'))
  await first.kill('SIGKILL')
  appendFileSync(file, line('while it was down'))
  renameSync(file, `${file}.1`)
  writeFileSync(file, line('after the rotation'))

  const second = startDaemonProcess(REPOSITORY, root)
  const written = [...before, 'while it ran', 'while it was down', 'after the rotation']
  const ids = () =>
    new Set(receiver.requests.map(({ body }) => (JSON.parse(body) as Notification).alertContext.id))
  await until(() => ids().size >= written.length, { timeoutMs: 60_000, what: 'all lines' }).catch(() => {})
  await second.kill('SIGTERM')
  receiver.expect(receiver.requests.length)
  expect(ids()).toEqual(new Set(written))
})

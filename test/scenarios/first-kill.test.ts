/** Followed files from the daemon's first moment: killed as soon as it is ready, and the files rotated meanwhile. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

const ANNOUNCER = {
  'detections/announcer.yml': `AnalysisType: rule
RuleID: Announcer
Filename: announcer.py
Enabled: true
LogTypes: [Test.Log]
Severity: High
`,
  'detections/announcer.py': `def rule(event):
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

interface Followed {
  readonly what: string
  readonly name: string
  readonly make: (file: string) => void
  readonly before: readonly string[]
}

const FOLLOWED: readonly Followed[] = [
  { what: 'is there, but empty', name: 'empty', make: (file) => writeFileSync(file, ''), before: [] },
  {
    what: 'holds lines already',
    name: 'lines',
    make: (file) => writeFileSync(file, line('before lines')),
    before: ['before lines'],
  },
  { what: 'is not there yet', name: 'absent', make: () => {}, before: [] },
]

/** All lines that are written to one of the files. */
const written = ({ name, before }: Followed) => [
  ...before,
  ...['while it ran', 'while it was down', 'after the rotation'].map((when) => `${when} ${name}`),
]

/** One daemon follows all of them, each as a source of its own. */
describe('a file', () => {
  let receiver: Receiver
  const ids = () => receiver.requests.map(({ body }) => (JSON.parse(body) as Notification).alertContext.id)

  beforeAll(async () => {
    receiver = await startReceiver()
    const root = makeProject({ ...ANNOUNCER, '.env': `RECEIVER=${receiver.url}\n` })
    const fileOf = ({ name }: Followed) => join(root, `${name}.ndjson`)
    const sources = FOLLOWED.map((each) => `file:${fileOf(each)}?follow=true`)
    for (const each of FOLLOWED) each.make(fileOf(each))

    const first = startDaemonProcess(REPOSITORY, root, {}, sources)
    await untilReady(first)
    for (const each of FOLLOWED) appendFileSync(fileOf(each), line(`while it ran ${each.name}`))
    await first.kill('SIGKILL')
    for (const each of FOLLOWED) {
      appendFileSync(fileOf(each), line(`while it was down ${each.name}`))
      renameSync(fileOf(each), `${fileOf(each)}.1`)
      writeFileSync(fileOf(each), line(`after the rotation ${each.name}`))
    }

    const second = startDaemonProcess(REPOSITORY, root, {}, sources)
    const count = FOLLOWED.flatMap(written).length
    await until(() => new Set(ids()).size >= count, { what: 'all lines' }).catch(() => {})
    await second.kill('SIGTERM')
    receiver.expect(receiver.requests.length)
  })
  afterAll(() => receiver.close())

  it.each(FOLLOWED)('a file that $what loses no line to a kill before the first commit', (followed) => {
    const own = ids().filter((id) => String(id).endsWith(` ${followed.name}`))
    expect(new Set(own)).toEqual(new Set(written(followed)))
    expect(new Set(ids())).toEqual(new Set(FOLLOWED.flatMap(written)))
  })
})

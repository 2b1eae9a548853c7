/** A counter of the caching helpers, over the whole daemon, killed again and again: every event counts exactly once. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const EVENTS_PER_ROUND = 60

const COUNTS = {
  'detections/counts.yml': `AnalysisType: rule
RuleID: Counts
Filename: counts.py
Enabled: true
LogTypes: [Test.Log]
Severity: High
`,
  'detections/counts.py': `from panther_detection_helpers.caching import increment_counter

def rule(event):
    return True


def title(event):
    return event["id"]


def alert_context(event):
    return {"count": increment_counter("events")}
`,
}

it('every event is counted exactly once, whenever the daemon is killed', { timeout: 120_000 }, async () => {
  const receiver = await startReceiver()
  onTestFinished(() => receiver.close())
  const root = makeProject({
    ...COUNTS,
    'destinations.yaml': `version: 1
destinations:
  - name: receiver
    type: webhook
    severities: [HIGH]
    options: { url: '\${env:RECEIVER}' }
`,
    '.env': `RECEIVER=${receiver.url}\n`,
  })
  const file = join(root, 'events.ndjson')
  writeFileSync(file, '')
  const bodies = () => receiver.requests.map(({ body }) => JSON.parse(body) as Notification)
  const counts = () => new Map(bodies().map(({ title, alertContext }) => [title, alertContext.count]))

  let written = 0
  for (const isLast of [false, false, true]) {
    const lines = Array.from({ length: EVENTS_PER_ROUND }, () => ({
      id: `e${written++}`,
      p_log_type: 'Test.Log',
    }))
    appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const daemon = startDaemonProcess(REPOSITORY, root)
    const wanted = isLast ? written : written - EVENTS_PER_ROUND + 5
    await untilReady(daemon)
    await until(() => counts().size >= wanted, { what: `alerts of ${wanted} events` })
    await daemon.kill(isLast ? 'SIGTERM' : 'SIGKILL')
  }
  receiver.expect(receiver.requests.length)
  const ascending = [...counts().values()].sort((a, b) => Number(a) - Number(b))
  expect(ascending).toEqual(Array.from({ length: written }, (_, at) => at + 1))
})

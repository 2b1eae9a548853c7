/** The project that the chaos harness runs: one detection that alerts on every event, one webhook to the receiver. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ChaosProject {
  readonly root: string
  /** The file that the daemon follows. */
  readonly eventFile: string
}

export function writeChaosProject(root: string, receiverUrl: string): ChaosProject {
  const detections = join(root, 'detections')
  mkdirSync(detections, { recursive: true })
  writeFileSync(
    join(detections, 'every_event.yml'),
    `AnalysisType: rule
RuleID: Chaos.EveryEvent
Filename: every_event.py
Enabled: true
LogTypes: [Chaos.Event]
Severity: High
`,
  )
  writeFileSync(
    join(detections, 'every_event.py'),
    `def rule(event):
    return True


def title(event):
    return event["id"]


def alert_context(event):
    return {"id": event["id"]}
`,
  )
  writeFileSync(
    join(root, 'destinations.yaml'),
    `version: 1
fallback: [receiver]
destinations:
  - name: receiver
    type: webhook
    severities: [HIGH]
    options:
      url: \${env:CHAOS_RECEIVER}
`,
  )
  writeFileSync(join(root, '.env'), `CHAOS_RECEIVER=${receiverUrl}/alerts\n`)
  writeFileSync(join(root, 'events.ndjson'), '')
  return { root, eventFile: join(root, 'events.ndjson') }
}

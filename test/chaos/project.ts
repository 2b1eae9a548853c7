/** The project that the chaos harness runs: detections that alert on every event, one webhook to the receiver. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ChaosProject {
  readonly root: string
  /** The file that the daemon follows. */
  readonly eventFile: string
}

/** Kinds of events, each with a detection of its own: no detection may come near the limit of alerts per hour. */
const KINDS = 100

const BODY = `def rule(event):
    return True


def title(event):
    return event["id"]


def alert_context(event):
    return {"id": event["id"]}
`

/** The log type of the nth event. */
export function logType(n: number): string {
  return `Chaos.Event${n % KINDS}`
}

export function writeChaosProject(root: string, receiverUrl: string): ChaosProject {
  const detections = join(root, 'detections')
  mkdirSync(detections, { recursive: true })
  for (let kind = 0; kind < KINDS; kind++) {
    writeFileSync(
      join(detections, `kind_${kind}.yml`),
      `AnalysisType: rule
RuleID: Chaos.Kind${kind}
Filename: kind_${kind}.py
Enabled: true
LogTypes: [${logType(kind)}]
Severity: High
`,
    )
    writeFileSync(join(detections, `kind_${kind}.py`), BODY)
  }
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
  return { root, eventFile: join(root, 'events.ndjson') }
}

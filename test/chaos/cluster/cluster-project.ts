/** The project of the daemons: detections of every kind that counts, and a registry that a rolling deploy changes. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COUNTER_ALERT_AT, DISTINCT_VALUES, openDetections, THRESHOLD } from './cluster-events.ts'
import { ABSENCE_RULE, SEQUENCE_RULE } from './ledger.ts'

/** No window ends during a run. */
const DEDUP_MINUTES = 1_440
const MATCHES = `def rule(event):
    return True


def dedup(event):
    return event["key"]


def title(event):
    return event["key"]
`
const UNIQUE = `${MATCHES}

def unique(event):
    return event["value"]
`
const COUNTER = `from panther_detection_helpers.caching import increment_counter


def rule(event):
    return increment_counter("chaos-counter-" + event["key"]) == ${COUNTER_ALERT_AT}


def dedup(event):
    return event["key"]


def title(event):
    return event["key"]
`
const NOISE = 'def rule(event):\n    return event["value"] == "never"\n'

interface Detection {
  readonly name: string
  readonly body: string
  readonly keys?: string
}

function detections(events: number): Detection[] {
  const silent = 'CreateAlert: false\n'
  return [
    { name: 'Noise', body: NOISE },
    { name: 'Merge', body: MATCHES },
    { name: 'Threshold', body: MATCHES, keys: `Threshold: ${THRESHOLD}\n` },
    { name: 'Unique', body: UNIQUE, keys: `Threshold: ${DISTINCT_VALUES}\n` },
    { name: 'Counter', body: COUNTER },
    ...['First', 'Second', 'Request', 'Answer'].map((name) => ({ name, body: MATCHES, keys: silent })),
    ...Array.from({ length: openDetections(events) }, (_, n) => ({ name: `Open${n}`, body: MATCHES })),
  ]
}

const correlation = (rule: string, [from, to]: readonly [string, string], isAbsent: boolean) =>
  `AnalysisType: correlation_rule
RuleID: ${rule}
Enabled: true
Severity: High
Detection:
  - Sequence:
      - { ID: from, RuleID: Chaos.${from} }
      - { ID: to, RuleID: Chaos.${to}${isAbsent ? ', Absence: true' : ''} }
    Transitions:
      - ID: from to
        From: from
        To: to
        WithinTimeFrameMinutes: 10
        Match: [{ On: key }]
    Schedule: { RateMinutes: 1, TimeoutMinutes: 1 }
    LookbackWindowMinutes: 30
`

/** The states of the registry through which a rolling deploy goes, one after the other, in a circle. */
export const REGISTRIES = [
  { second: 'second', before: 'second-b', hasThird: false },
  { second: 'second', before: 'second-b', hasThird: true },
  { second: 'second-b', before: 'second', hasThird: true },
  { second: 'second-b', before: 'second', hasThird: false },
] as const

export type RegistryNumber = number

export function hasThird(registry: RegistryNumber): boolean {
  return REGISTRIES[registry % REGISTRIES.length]!.hasThird
}

const destination = (name: string, path: string, keys = '') =>
  `  - name: ${name}
    type: webhook
    severities: [HIGH]
${keys}    options: { url: "\${env:CHAOS_RECEIVER}/${path}" }
`

/** Writes the registry with this number. */
export function writeRegistry(root: string, number: RegistryNumber): void {
  const { second, before, hasThird: isThirdThere } = REGISTRIES[number % REGISTRIES.length]!
  const text = [
    'version: 1\nfallback: [fallback]\ndestinations:\n',
    destination('main', 'main'),
    destination(second, 'second', `    previousNames: [${before}]\n`),
    isThirdThere ? destination('third', 'third') : '',
    destination('fallback', 'fallback').replace('    severities: [HIGH]\n', ''),
  ]
  writeFileSync(join(root, 'destinations.yaml'), text.join(''))
}

export interface ProjectSettings {
  readonly events: number
  readonly receiver: string
  /** Text of `signalbox.yaml`. */
  readonly settings: string
}

export function writeClusterProject(root: string, settings: ProjectSettings): void {
  const folder = join(root, 'detections')
  mkdirSync(folder, { recursive: true })
  for (const { name, body, keys = '' } of detections(settings.events)) {
    writeFileSync(join(folder, `${name}.py`), body)
    writeFileSync(
      join(folder, `${name}.yml`),
      `AnalysisType: rule
RuleID: Chaos.${name}
Filename: ${name}.py
Enabled: true
LogTypes: [Chaos.${name}]
Severity: High
DedupPeriodMinutes: ${DEDUP_MINUTES}
${keys}`,
    )
  }
  writeFileSync(join(folder, 'sequence.yml'), correlation(SEQUENCE_RULE, ['First', 'Second'], false))
  writeFileSync(join(folder, 'absence.yml'), correlation(ABSENCE_RULE, ['Request', 'Answer'], true))
  writeFileSync(join(root, 'signalbox.yaml'), `workers: 1\n${settings.settings}`)
  writeFileSync(join(root, '.env'), `CHAOS_RECEIVER=${settings.receiver}\n`)
  writeRegistry(root, 0)
}

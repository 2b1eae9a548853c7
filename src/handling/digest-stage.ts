/** The stage of digests: alerts are gathered and sent as one message. Which alerts are in it is known when it is claimed. Pure. */
import { durationText } from '../core/duration-text.ts'
import type { HandlingStep, PlannedSend } from '../model/alerts/handling.ts'
import { compareSeverity } from '../model/alerts/severity.ts'
import type { DestinationDigest } from '../model/project/destination-handling.ts'
import { valuesOfKeys } from './group-values.ts'
import type { HandledAlert, StageInput, StageResult } from './stage.ts'

interface Decision {
  readonly send: PlannedSend
  readonly step: HandlingStep
}

export function digestStage({ alert, sends, rules }: StageInput): StageResult | null {
  const digestOf = (name: string) => rules.destinations.get(name)?.digest ?? null
  if (!sends.some(({ destination }) => digestOf(destination) !== null)) return null
  const decisions = sends.map((send) => decide(send, digestOf(send.destination), alert))
  return { sends: decisions.map(({ send }) => send), steps: decisions.map(({ step }) => step) }
}

function decide(send: PlannedSend, digest: DestinationDigest | null, alert: HandledAlert): Decision {
  const { destination } = send
  const common = { stage: 'digest', destination, by: '' } as const
  const pass = (reason: string): Decision => ({ send, step: { ...common, did: 'passed', reason } })
  if (digest === null) return pass('it has no digest')
  const { everyMs, by, below, after } = digest
  const severity = alert.severity.value
  if (below !== null && compareSeverity(severity, below) >= 0) return pass(`${severity} is not gathered`)
  const values = valuesOfKeys(by, alert)
  // What waits for an opening is one message at the opening, whatever the number of alerts.
  const held = send.how === 'at' ? { at: send.at } : {}
  const planned = { by: values, everyMs, after: send.how === 'at' ? 0 : after }
  return {
    send: { destination, how: 'digest', digest: planned, ...held },
    step: { ...common, did: 'gathered', reason: reasonOf(digest, send) },
  }
}

/** `by detection, sent 1 h after its first alert; the first 3 within 1 h are sent at once`. */
function reasonOf({ by, everyMs, after }: DestinationDigest, send: PlannedSend): string {
  const key = by.length === 0 ? 'one for all alerts' : `by ${by.join(', ')}`
  if (send.how === 'at') return `${key}, sent at the opening`
  const every = durationText(everyMs)
  const first = after === 0 ? '' : `; the first ${after} within ${every} are sent at once`
  return `${key}, sent ${every} after its first alert${first}`
}

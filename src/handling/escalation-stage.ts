/** The stage of escalation: plans who gets the alert, too, unless a person answers in time. It changes nothing that is sent. Pure. */

import { durationText } from '../core/duration-text.ts'
import { instantText } from '../core/instant.ts'
import type { HandlingStep, PlannedEscalation, PlannedSend } from '../model/alerts/handling.ts'
import type { DestinationHandling, EscalationStep } from '../model/project/destination-handling.ts'
import type { HandledAlert, StageInput, StageResult } from './stage.ts'

export function escalationStage({ alert, sends, rules, now }: StageInput): StageResult | null {
  const rulesOf = (send: PlannedSend) => rules.destinations.get(send.destination)
  if (!sends.some((send) => hasEscalation(rulesOf(send)))) return null
  const planned = sends.map((send) => plan(send, rulesOf(send), alert, now))
  return {
    sends,
    steps: planned.flatMap(({ steps }) => steps),
    escalations: planned.flatMap(({ escalations }) => escalations),
  }
}

function hasEscalation(rules: DestinationHandling | undefined): boolean {
  return rules !== undefined && (rules.escalate.length > 0 || rules.ackTimeoutMs !== null)
}

interface Planned {
  readonly steps: readonly HandlingStep[]
  readonly escalations: readonly PlannedEscalation[]
}

function plan(
  send: PlannedSend,
  rules: DestinationHandling | undefined,
  alert: HandledAlert,
  now: number | null,
): Planned {
  const { destination } = send
  const common = { stage: 'escalation', destination, by: '' } as const
  const pass = (reason: string): Planned => ({
    steps: [{ ...common, did: 'passed', reason }],
    escalations: [],
  })
  if (rules === undefined || !hasEscalation(rules)) return pass('it has no escalation')
  const severity = alert.severity.value
  if (severity === 'INFO') return pass('INFO needs no answer')
  if (send.how === 'digest') return pass('what is gathered in a digest does not escalate')
  // What waits for the hours of its destination is seen from the opening on.
  const heldUntil = send.how === 'at' ? send.at : null
  const steps = rules.escalate.flatMap((step, index) =>
    step.severities?.includes(severity) === false ? [] : [{ step, index }],
  )
  const release = rules.ackTimeoutMs === null ? [] : [releaseOf(destination, rules.ackTimeoutMs)]
  const escalations = [
    ...steps.map(({ step, index }) => escalationOf(destination, step, index, heldUntil)),
    ...release,
  ]
  if (steps.length === 0) return { ...pass(`no step is for ${severity}`), escalations }
  const startsAt = heldUntil ?? now
  return {
    steps: steps.map(({ step }) => {
      const due = startsAt === null ? null : startsAt + step.afterMs
      const until = due === null ? {} : { until: due }
      return { ...common, did: 'scheduled', reason: stepText(step, due), ...until }
    }),
    escalations,
  }
}

/** `second at 2026-12-05T01:15:00Z unless acknowledged`. */
function stepText({ to, afterMs, unless }: EscalationStep, due: number | null): string {
  const when = due === null ? `${durationText(afterMs)} later` : `at ${instantText(due)}`
  return `${to.join(', ')} ${when} unless ${unless}`
}

function escalationOf(
  destination: string,
  { afterMs, unless, to }: EscalationStep,
  step: number,
  heldUntil: number | null,
): PlannedEscalation {
  return { destination, kind: 'step', step, afterMs, unless, to, heldUntil }
}

function releaseOf(destination: string, afterMs: number): PlannedEscalation {
  return { destination, kind: 'release', step: 0, afterMs, unless: 'resolved', to: [], heldUntil: null }
}

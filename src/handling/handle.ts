/** Decides what happens to an alert at each destination of its route, by one stage after the other. Pure. */
import { alertGroup } from '../model/alerts/alert-kind.ts'
import {
  HANDLING_STAGES,
  type Handling,
  type HandlingStage,
  type HandlingStep,
  type PlannedEscalation,
  type PlannedSend,
} from '../model/alerts/handling.ts'
import type { Route } from '../model/alerts/route.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'
import { digestStage } from './digest-stage.ts'
import { escalationStage } from './escalation-stage.ts'
import { groupStage } from './group-stage.ts'
import { hoursStage } from './hours-stage.ts'
import { inhibitionStage } from './inhibition-stage.ts'
import { silenceStage } from './silence-stage.ts'
import type { HandledAlert, HandlingState, Stage, StageInput } from './stage.ts'

const STAGES: { readonly [name in HandlingStage]: Stage } = {
  silence: silenceStage,
  inhibition: inhibitionStage,
  hours: hoursStage,
  digest: digestStage,
  group: groupStage,
  escalation: escalationStage,
}

/** All other stages leave alerts about the system as they are. */
const SYSTEM_STAGES: readonly HandlingStage[] = ['silence']

/**
 * No other code drops, delays or adds a delivery of an alert.
 * @param now the time at which the event was counted, so that the same event is always decided in the same way; null: a
 * test case without a time.
 */
export function handle(
  alert: HandledAlert,
  { destinations }: Pick<Route, 'destinations'>,
  state: HandlingState,
  rules: HandlingRules,
  now: number | null,
): Handling {
  const stages = alertGroup(alert.kind) === 'SYSTEM' ? SYSTEM_STAGES : HANDLING_STAGES
  const sends: PlannedSend[] = destinations.map((destination) => ({ destination, how: 'now' }))
  return runStages(stages, { alert, sends, rules, state, now })
}

function runStages(stages: readonly HandlingStage[], input: StageInput): Handling {
  let { sends } = input
  const steps: HandlingStep[] = []
  const escalations: PlannedEscalation[] = []
  for (const [i, stage] of stages.entries()) {
    const left = sends.filter(({ how }) => how !== 'none')
    if (left.length === 0) break
    const result = STAGES[stage]({ ...input, sends: left })
    if (!result) continue
    const decided = new Map(result.sends.map((send) => [send.destination, send]))
    const known = new Set(sends.map(({ destination }) => destination))
    // A destination that gets the alert instead of another one passes the stages before, too.
    const added = result.sends.filter(({ destination }) => !known.has(destination))
    const before = runStages(stages.slice(0, i), { ...input, sends: added })
    // What an earlier stage hid stays hidden.
    const change = (send: PlannedSend) =>
      send.how === 'none' ? send : (decided.get(send.destination) ?? send)
    sends = [...sends.map(change), ...before.sends]
    steps.push(...result.steps, ...before.steps)
    escalations.push(...(result.escalations ?? []))
  }
  return { sends, steps, escalations }
}

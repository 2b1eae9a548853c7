/** Decides what happens to an alert at each destination of its route, by one stage after the other. Pure. */
import { alertGroup } from '../model/alerts/alert-kind.ts'
import {
  HANDLING_STAGES,
  type Handling,
  type HandlingStage,
  type HandlingStep,
  type PlannedSend,
} from '../model/alerts/handling.ts'
import type { Route } from '../model/alerts/route.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'
import { silenceStage } from './silence-stage.ts'
import type { HandledAlert, HandlingState, Stage } from './stage.ts'

const STAGES: { readonly [name in HandlingStage]?: Stage } = { silence: silenceStage }

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
  const isSystem = alertGroup(alert.kind) === 'SYSTEM'
  let sends: readonly PlannedSend[] = destinations.map((destination) => ({ destination, how: 'now' }))
  const steps: HandlingStep[] = []
  for (const stage of isSystem ? SYSTEM_STAGES : HANDLING_STAGES) {
    const left = sends.filter(({ how }) => how !== 'none')
    if (left.length === 0) break
    const result = STAGES[stage]?.({ alert, sends: left, rules, state, now })
    if (!result) continue
    const decided = new Map(result.sends.map((send) => [send.destination, send]))
    sends = sends.map((send) => decided.get(send.destination) ?? send)
    steps.push(...result.steps)
  }
  return { sends, steps }
}

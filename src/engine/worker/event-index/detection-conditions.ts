/** WORKER THREAD. The index conditions of a detection: those of its guard, or those of its match expressions. */
import type { Body } from '../../protocol/messages.ts'
import type { DetectionGuard, PresentGuard } from '../guard/detection-guards.ts'
import { deriveIndexConditions, type IndexConditions } from './derive-index-conditions.ts'
import { expressionConditions } from './expression-conditions.ts'
import type { GivenField } from './field-recorder.ts'
import { type ConditionsOfGiven, nameOfGiven } from './guard-summary.ts'
import type { IndexCondition } from './index-condition.ts'
import { moreSelective } from './selectivity.ts'

type Conditions = readonly IndexCondition[] | null

export interface DetectionConditions {
  /** null: the detection is selected for every event. */
  readonly chosen: Conditions
  readonly fromGuard: Conditions
}

/** @param logType See `deriveIndexConditions`. */
export function detectionConditions(
  body: Body,
  guarded: DetectionGuard,
  logType: string | null,
): DetectionConditions {
  const fromGuard = 'summary' in guarded ? guardConditions(guarded, logType) : null
  return { chosen: moreSelective(fromGuard, ownConditions(body)), fromGuard }
}

/** Returns the conditions of the guard, for events of which a field is known if one is given. */
export function guardConditions(
  guarded: PresentGuard,
  logType: string | null,
  given: GivenField | null = null,
): Conditions {
  const { summary } = guarded
  const known =
    given === null ? summary.conditions : (JSON.parse(summary.given) as ConditionsOfGiven)[nameOfGiven(given)]
  const conditions: IndexConditions = known ?? deriveIndexConditions(guarded.program, logType, given)
  return 'conditions' in conditions ? conditions.conditions : null
}

/** The conditions of the inline filter and of the matcher that is an expression. Both must hold. */
function ownConditions(body: Body): Conditions {
  if (body.kind !== 'detection' && body.kind !== 'simple') return null
  const filter = body.filter && expressionConditions(body.filter)
  const matcher = body.kind === 'simple' ? expressionConditions(body.content.matcher) : null
  return moreSelective(filter, matcher)
}

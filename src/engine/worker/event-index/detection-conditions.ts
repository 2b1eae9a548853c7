/** WORKER THREAD. The index conditions of a detection: those of its guard, or those of its match expressions. */
import type { Body } from '../../protocol/messages.ts'
import type { DetectionGuard } from '../guard/detection-guards.ts'
import { deriveIndexConditions } from './derive-index-conditions.ts'
import { expressionConditions } from './expression-conditions.ts'
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
  const derived = 'program' in guarded ? deriveIndexConditions(guarded.program, logType) : null
  const fromGuard = derived && 'conditions' in derived ? derived.conditions : null
  return { chosen: moreSelective(fromGuard, ownConditions(body)), fromGuard }
}

/** The conditions of the inline filter and of the matcher that is an expression. Both must hold. */
function ownConditions(body: Body): Conditions {
  if (body.kind !== 'detection' && body.kind !== 'simple') return null
  const filter = body.filter && expressionConditions(body.filter)
  const matcher = body.kind === 'simple' ? expressionConditions(body.content.matcher) : null
  return moreSelective(filter, matcher)
}

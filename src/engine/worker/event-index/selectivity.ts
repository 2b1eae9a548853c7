/** WORKER THREAD. Chooses between sets of index conditions of which each is enough. */
import type { IndexCondition } from './index-condition.ts'

type Conditions = readonly IndexCondition[] | null

/** Returns the set that fewer events are expected to meet. */
export function moreSelective(left: Conditions, right: Conditions): Conditions {
  if (left === null || right === null) return left ?? right
  return costOf(right) < costOf(left) ? right : left
}

const MIN_LONG_TEXT_CHARS = 8

/** The condition that most events meet decides. */
function costOf(conditions: readonly IndexCondition[]): number {
  return conditions.reduce((cost, condition) => Math.max(cost, costOfOne(condition)), 0)
}

function costOfOne({ kind, values }: IndexCondition): number {
  if (kind === 'present') return 4
  if (kind === 'equal') return 1
  const isLong = values.every((value) => typeof value === 'string' && value.length >= MIN_LONG_TEXT_CHARS)
  return isLong ? 2 : 3
}

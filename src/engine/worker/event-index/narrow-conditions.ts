/**
 * WORKER THREAD. Replaces a comparison that many detections of a log type make, such as that of the service, by what
 * each of them asks of the events that meet it.
 */
import type { GivenField } from './field-recorder.ts'
import type { IndexCondition } from './index-condition.ts'

/** Below this number of detections it costs less to evaluate their guards. */
const MIN_SHARING = 4
const MAX_VALUES = 4

/** Returns the index conditions for events of which this field is known; null: the detection is selected for all of them. */
type DeriveGiven = (given: GivenField) => readonly IndexCondition[] | null

/** How many detections compare a field with a value. */
export class SharedComparisons {
  readonly #counts = new Map<string, number>()

  add(conditions: readonly IndexCondition[]): void {
    for (const name of new Set(conditions.filter(isComparison).flatMap(namesOf))) {
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    }
  }

  /** @returns for how many detections the events are selected that meet the condition. */
  sharing(condition: IndexCondition): number {
    return namesOf(condition).reduce((sum, name) => sum + (this.#counts.get(name) ?? 0), 0)
  }
}

/**
 * An event that does not meet the condition goes the way of the others. One that meets it has a known value in that field, so
 * the conditions for such events take its place.
 */
export function narrowConditions(
  conditions: readonly IndexCondition[],
  shared: SharedComparisons,
  deriveGiven: DeriveGiven,
): readonly IndexCondition[] {
  for (const condition of conditions) {
    const sharing = isComparison(condition) ? shared.sharing(condition) : 0
    if (sharing < MIN_SHARING) continue
    const rest = conditions.filter((each) => each !== condition)
    const known = new Set(rest.map((each) => JSON.stringify(each)))
    const given = condition.values.map((value) =>
      deriveGiven({ key: condition.path.keys[0]!, isExact: condition.path.isExact, value: value as string }),
    )
    const added = given.flat().filter((each) => each === null || !known.has(JSON.stringify(each)))
    const isNarrower = (each: IndexCondition | null) =>
      each !== null && isComparison(each) && shared.sharing(each) < sharing
    if (added.every(isNarrower)) return [...rest, ...(added as IndexCondition[])]
  }
  return conditions
}

/** Whether only a text in a field of the event itself meets the condition. */
function isComparison({ path, kind, values, letterCase, raisesOnContainers }: IndexCondition): boolean {
  const isTextOnly = kind === 'equal' && letterCase === null && !raisesOnContainers
  const areTexts = values.length <= MAX_VALUES && values.every((value) => typeof value === 'string')
  return isTextOnly && areTexts && path.keys.length === 1
}

function namesOf({ path, values }: IndexCondition): string[] {
  return values.map((value) => JSON.stringify([path.keys[0], path.isExact, value]))
}

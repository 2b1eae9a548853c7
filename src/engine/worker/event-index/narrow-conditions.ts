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

interface Sharing {
  detections: number
  /** The detection that was counted last. */
  last: number
}

type SharingByValue = Map<IndexCondition['values'][number], Sharing>

/** How many detections compare a field with a value. */
export class SharedComparisons {
  /** By the name of the field, which is found exactly or in any case. */
  readonly #exact = new Map<string, SharingByValue>()
  readonly #inAnyCase = new Map<string, SharingByValue>()
  #detections = 0

  /** Counts the comparisons of one more detection. */
  add(conditions: readonly IndexCondition[]): void {
    this.#detections++
    for (const condition of conditions) {
      if (!isComparison(condition)) continue
      const values = this.#valuesOf(condition)
      for (const value of condition.values) this.#count(values, value)
    }
  }

  /** @returns for how many detections the events are selected that meet the condition. */
  sharing(condition: IndexCondition): number {
    const values = this.#valuesOf(condition)
    let sum = 0
    for (const value of condition.values) sum += values.get(value)?.detections ?? 0
    return sum
  }

  #valuesOf({ path }: IndexCondition): SharingByValue {
    const fields = path.isExact ? this.#exact : this.#inAnyCase
    const key = path.keys[0]!
    let values = fields.get(key)
    if (!values) {
      values = new Map()
      fields.set(key, values)
    }
    return values
  }

  #count(values: SharingByValue, value: IndexCondition['values'][number]): void {
    const known = values.get(value)
    if (!known) values.set(value, { detections: 1, last: this.#detections })
    else if (known.last !== this.#detections) {
      known.detections++
      known.last = this.#detections
    }
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
    const given = givenFields(condition).map(deriveGiven)
    const added = given.flat().filter((each) => each === null || !known.has(JSON.stringify(each)))
    const isNarrower = (each: IndexCondition | null) =>
      each !== null && isComparison(each) && shared.sharing(each) < sharing
    if (added.every(isNarrower)) return [...rest, ...(added as IndexCondition[])]
  }
  return conditions
}

/** Returns the fields that are known of the events that meet one of these comparisons. */
export function comparedFields(conditions: readonly IndexCondition[]): GivenField[] {
  return conditions.filter(isComparison).flatMap(givenFields)
}

function givenFields({ path, values }: IndexCondition): GivenField[] {
  return values.map((value) => ({ key: path.keys[0]!, isExact: path.isExact, value: value as string }))
}

/** Whether only a text in a field of the event itself meets the condition. */
function isComparison({ path, kind, values, letterCase, raisesOnContainers }: IndexCondition): boolean {
  const isTextOnly = kind === 'equal' && letterCase === null && !raisesOnContainers
  if (!isTextOnly || path.keys.length !== 1 || values.length > MAX_VALUES) return false
  return values.every((value) => typeof value === 'string')
}

/**
 * WORKER THREAD. Conditions on single fields of which at least one must hold before a guard can be anything but
 * silent.
 */
import { ABSENT, lookUp, lookUpExactly } from '../guard/guard-lookup.ts'
import { isScalar } from '../guard/guard-operations.ts'
import { isAscii, isExactNumber, isRawObject, type RawObject } from '../guard/guard-values.ts'

export interface FieldPath {
  readonly keys: readonly string[]
  /** Keys are found in any case, or exactly (paths of data models). */
  readonly isExact: boolean
  /** What stands on the way without being an object: the field counts as present (its lookup raises) or as absent. */
  readonly raisesOnTheWay: boolean
  readonly nullIsAbsent: boolean
}

export type LetterCase = 'lower' | 'upper'

/** `present`: whatever the value. The others look at a text, in lower or upper case where `letterCase` says so. */
export interface IndexCondition {
  readonly path: FieldPath
  readonly kind: 'present' | 'equal' | 'prefix' | 'suffix' | 'contains'
  readonly values: readonly (string | number | boolean | null)[]
  readonly letterCase: LetterCase | null
  /** Whether lists and objects raise, as in `in {…}`. */
  readonly raisesOnContainers: boolean
}

/** Whether an event may be other than the one that has none of the fields, as far as this condition sees. */
export function holds(condition: IndexCondition, record: RawObject): boolean {
  try {
    const value = valueAt(record, condition.path)
    return value !== ABSENT && (condition.kind === 'present' || valueHolds(condition, value))
  } catch {
    // Keys whose spelling is not known for certain.
    return true
  }
}

const WRONG_WAY = Symbol('something else on the way')

/** The value, `ABSENT`, or `WRONG_WAY` where its lookup raises. Throws where the spelling of keys is not known. */
function valueAt(record: RawObject, path: FieldPath): unknown {
  let value: unknown = record
  for (const key of path.keys) {
    if (!isRawObject(value)) return path.raisesOnTheWay ? WRONG_WAY : ABSENT
    value = path.isExact ? lookUpExactly(value, key) : lookUp(value, key)
    if (value === ABSENT) return ABSENT
  }
  return value === null && path.nullIsAbsent ? ABSENT : value
}

function valueHolds(
  { kind, values, letterCase, raisesOnContainers }: IndexCondition,
  value: unknown,
): boolean {
  if (value === WRONG_WAY) return true
  if (kind === 'equal' && letterCase === null) {
    if (!isScalar(value)) return raisesOnContainers
    if (typeof value === 'number' && !isExactNumber(value)) return true
    return values.some((each) => isEqual(each, value))
  }
  // Anything but a text raises, and so may a text in other letters.
  if (typeof value !== 'string' || (letterCase !== null && !isAscii(value))) return true
  const text = inLetterCase(value, letterCase)
  return (values as readonly string[]).some((each) => textHolds(kind, text, each))
}

export function inLetterCase(text: string, letterCase: LetterCase | null): string {
  if (letterCase === null) return text
  return letterCase === 'lower' ? text.toLowerCase() : text.toUpperCase()
}

function textHolds(kind: IndexCondition['kind'], text: string, value: string): boolean {
  switch (kind) {
    case 'prefix':
      return text.startsWith(value)
    case 'suffix':
      return text.endsWith(value)
    case 'contains':
      return text.includes(value)
    case 'equal':
      return text === value
    case 'present':
      return true
  }
}

/** Compares as Python does: true is 1. */
function isEqual(left: string | number | boolean | null, right: string | number | boolean | null): boolean {
  const isNumeric = (value: unknown) => typeof value === 'number' || typeof value === 'boolean'
  return isNumeric(left) && isNumeric(right) ? Number(left) === Number(right) : left === right
}

/**
 * WORKER THREAD. Finds keys of an event's objects as the read-only mapping of `panther_core` does: exactly, else
 * in any case.
 */
import { hashOf, isIndexLike, type RawObject, Unknown } from './guard-values.ts'
import { lowerCaseOf, shapeOf } from './object-shape.ts'

export const ABSENT = Symbol('absent')
const NOT_ASCII_KEY = new Unknown('a key with other than ASCII characters')
const NUMBER_KEYS = new Unknown('the order of keys that are numbers')

export function lookUp(object: RawObject, key: unknown): unknown {
  if (typeof key !== 'string') {
    hashOf(key)
    return ABSENT
  }
  if (Object.hasOwn(object, key)) return read(object, key)
  const lower = lowerCaseOf(key)
  if (lower === null) throw NOT_ASCII_KEY
  const spellings = shapeOf(object).byLowerCase
  if (spellings === null) throw NOT_ASCII_KEY
  const own = spellings.get(lower)
  return own === undefined ? ABSENT : read(object, own)
}

export function lookUpExactly(object: RawObject, key: unknown): unknown {
  if (typeof key !== 'string') {
    hashOf(key)
    return ABSENT
  }
  return Object.hasOwn(object, key) ? read(object, key) : ABSENT
}

/** Stands for the value of a field that takes long to make: a guard that reads it does not know the answer. */
export const NOT_MADE = new Unknown('a field whose value was not made')

/** Reads an own key. */
export function read(object: RawObject, key: string): unknown {
  const value = object[key]
  if (value === NOT_MADE) throw NOT_MADE
  return value
}

/** Returns the keys of the object in the order of the text. */
export function orderedKeys(object: RawObject): string[] {
  const keys = Object.keys(object)
  if (keys.length > 1 && keys.some(isIndexLike)) throw NUMBER_KEYS
  return keys
}

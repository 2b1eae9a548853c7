/** Finds keys of an event's objects as the read-only mapping of `panther_core` does: exactly, else in any case. */
import { hashOf, isAscii, isIndexLike, type RawObject, Unknown } from './guard-values.ts'

export const ABSENT = Symbol('absent')
const NOT_ASCII_KEY = new Unknown('a key with other than ASCII characters')
const NUMBER_KEYS = new Unknown('the order of keys that are numbers')

/** Key in lower case -> the first own key that equals it, or null: a key is not ASCII. Shared by all guards of an event. */
const spellings = new WeakMap<RawObject, ReadonlyMap<string, string> | null>()

export function lookUp(object: RawObject, key: unknown): unknown {
  if (typeof key !== 'string') {
    hashOf(key)
    return ABSENT
  }
  if (Object.hasOwn(object, key)) return object[key]
  const lower = lowerCaseOf(key)
  if (lower === null) throw NOT_ASCII_KEY
  const own = spellingsOf(object).get(lower)
  return own === undefined ? ABSENT : object[own]
}

export function lookUpExactly(object: RawObject, key: unknown): unknown {
  if (typeof key !== 'string') {
    hashOf(key)
    return ABSENT
  }
  return Object.hasOwn(object, key) ? object[key] : ABSENT
}

/** Returns the keys of the object in the order of the text. */
export function orderedKeys(object: RawObject): string[] {
  const keys = Object.keys(object)
  if (keys.length > 1 && keys.some(isIndexLike)) throw NUMBER_KEYS
  return keys
}

function spellingsOf(object: RawObject): ReadonlyMap<string, string> {
  let known = spellings.get(object)
  if (known === undefined) {
    known = findSpellings(object)
    spellings.set(object, known)
  }
  if (known === null) throw NOT_ASCII_KEY
  return known
}

function findSpellings(object: RawObject): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>()
  for (const key of Object.keys(object)) {
    const lower = lowerCaseOf(key)
    if (lower === null) return null
    if (!found.has(lower)) found.set(lower, key)
  }
  return found
}

/** Events of one type have the same few keys. The limit is for keys that are data. */
const MAX_CACHED_KEYS = 10_000
const lowerCases = new Map<string, string | null>()

/** null: the key is not ASCII. */
function lowerCaseOf(key: string): string | null {
  let lower = lowerCases.get(key)
  if (lower === undefined) {
    lower = isAscii(key) ? key.toLowerCase() : null
    if (lowerCases.size >= MAX_CACHED_KEYS) lowerCases.clear()
    lowerCases.set(key, lower)
  }
  return lower
}

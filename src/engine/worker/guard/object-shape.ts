/**
 * WORKER THREAD. What is known of all objects that have the same keys in the same order: which key each name
 * finds, in any case.
 */
import { isAscii, type RawObject } from './guard-values.ts'

export class ObjectShape {
  readonly keys: readonly string[]
  /** Key in lower case -> the first key that equals it. null: a key is not ASCII. */
  readonly byLowerCase: ReadonlyMap<string, string> | null

  constructor(keys: readonly string[]) {
    this.keys = keys
    this.byLowerCase = findSpellings(keys)
  }
}

/** Events of one type have few shapes. The limits are for objects whose keys are data. */
const MAX_SHAPES_OF_LENGTH = 16
const MAX_KEYS = 200
const MAX_KEYS_OF_ALL = 50_000
/** By number of keys, the one that was found last first. */
const known = new Map<number, ObjectShape[]>()
let keysOfAll = 0

export function shapeOf(object: RawObject): ObjectShape {
  const keys = Object.keys(object)
  let shapes = known.get(keys.length)
  if (shapes === undefined) {
    shapes = []
    known.set(keys.length, shapes)
  }
  for (let at = 0; at < shapes.length; at++) {
    const shape = shapes[at]!
    if (!areSame(shape.keys, keys)) continue
    if (at > 0) {
      shapes[at] = shapes[at - 1]!
      shapes[at - 1] = shape
    }
    return shape
  }
  const shape = new ObjectShape(keys)
  if (keys.length <= MAX_KEYS) remember(shape, shapes)
  return shape
}

function remember(shape: ObjectShape, shapes: ObjectShape[]): void {
  if (keysOfAll + shape.keys.length > MAX_KEYS_OF_ALL) {
    known.clear()
    keysOfAll = 0
    return
  }
  if (shapes.length >= MAX_SHAPES_OF_LENGTH) shapes.pop()
  else keysOfAll += shape.keys.length
  shapes.push(shape)
}

function areSame(left: readonly string[], right: readonly string[]): boolean {
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  return true
}

function findSpellings(keys: readonly string[]): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>()
  for (const key of keys) {
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
export function lowerCaseOf(key: string): string | null {
  let lower = lowerCases.get(key)
  if (lower === undefined) {
    lower = isAscii(key) ? key.toLowerCase() : null
    if (lowerCases.size >= MAX_CACHED_KEYS) lowerCases.clear()
    lowerCases.set(key, lower)
  }
  return lower
}

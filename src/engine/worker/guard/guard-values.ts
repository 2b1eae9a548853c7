/**
 * WORKER THREAD. The values that a guard computes with: those of the event as JSON has them, and Python's own
 * containers.
 */

/** Thrown where the guard cannot know what Python would do: the detection has to run. */
export class Unknown extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'Unknown'
  }
}

/** Thrown where Python certainly raises this exception. One instance per type, made once: a stack costs time. */
export class Raised extends Error {
  readonly type: string
  constructor(type: string) {
    super(`raises ${type}`)
    this.name = 'Raised'
    this.type = type
  }
}

export const ATTRIBUTE_ERROR = new Raised('AttributeError')
export const INDEX_ERROR = new Raised('IndexError')
export const KEY_ERROR = new Raised('KeyError')
export const TYPE_ERROR = new Raised('TypeError')
export const VALUE_ERROR = new Raised('ValueError')
export const ADDRESS_ERROR = new Raised('AddressValueError')

export const NOT_ASCII = new Unknown('a text with other than ASCII characters')
export const UNSUPPORTED = new Unknown('an operation on values of these types')
export const IS_CONSTANT = new Unknown('a change of a value that outlives the call')
export const INEXACT = new Unknown('a number whose exact text matters')
export const UNORDERED = new Unknown('the order of a set')
export const TOO_LONG = new Unknown('it takes too many steps')

/** An object of the event: to detections a read-only mapping that finds keys in any case. */
export type RawObject = { readonly [key: string]: unknown }

/** The event itself, which has more methods than the objects in it. */
export class EventValue {
  readonly record: RawObject
  constructor(record: RawObject) {
    this.record = record
  }
}

export class ListValue {
  readonly items: unknown[]
  readonly isConstant: boolean
  constructor(items: unknown[], isConstant = false) {
    this.items = items
    this.isConstant = isConstant
  }
}

export class TupleValue {
  readonly items: readonly unknown[]
  constructor(items: readonly unknown[]) {
    this.items = items
  }
}

/** What `keys()`, `enumerate()` and the like give: it is gone through, and that is all. */
export class IterableValue {
  readonly items: readonly unknown[]
  /** Whether it has a length. */
  readonly isSized: boolean
  /** The dict or object of a view of keys; `in` on the view asks it. */
  readonly owner: unknown
  constructor(items: readonly unknown[], isSized: boolean, owner: unknown = null) {
    this.items = items
    this.isSized = isSized
    this.owner = owner
  }
}

type DictEntry = readonly [key: unknown, value: unknown]

/** The constant keys of a dict that is written out. Where a key occurs twice, the last value counts. */
export class DictDisplay {
  readonly keys: readonly unknown[]
  /** Hash of the key -> the place of its value. */
  readonly places: ReadonlyMap<unknown, number>
  constructor(keys: readonly unknown[]) {
    this.keys = keys
    this.places = new Map(keys.map((key, at) => [hashOf(key), at]))
  }
}

/** A dict whose values are made when something asks for them. */
interface LazyEntries {
  readonly display: DictDisplay
  readonly valueAt: (at: number) => unknown
}

export class DictValue {
  readonly isConstant: boolean
  #lazy: LazyEntries | null
  #entries: Map<unknown, DictEntry> | null = null

  constructor(entries: Iterable<DictEntry> = [], isConstant = false, lazy: LazyEntries | null = null) {
    this.#lazy = lazy
    this.isConstant = isConstant
    for (const [key, value] of entries) this.put(key, value)
  }

  /** Hash of the key -> key and value. */
  get entries(): Map<unknown, DictEntry> {
    if (this.#entries !== null) return this.#entries
    this.#entries = new Map()
    const lazy = this.#lazy
    this.#lazy = null
    if (lazy !== null) for (const [at, key] of lazy.display.keys.entries()) this.put(key, lazy.valueAt(at))
    return this.#entries
  }

  find(key: unknown): { readonly value: unknown } | null {
    const hash = hashOf(key)
    if (this.#lazy !== null) {
      const at = this.#lazy.display.places.get(hash)
      return at === undefined ? null : { value: this.#lazy.valueAt(at) }
    }
    const entry = this.entries.get(hash)
    return entry === undefined ? null : { value: entry[1] }
  }

  put(key: unknown, value: unknown): void {
    const hash = hashOf(key)
    // A key that is already there keeps its first form.
    this.entries.set(hash, [this.entries.get(hash)?.[0] ?? key, value])
  }
}

/** Hash -> element. */
export class SetValue {
  readonly elements: Map<unknown, unknown>
  readonly isConstant: boolean
  constructor(items: Iterable<unknown> = [], isConstant = false) {
    this.elements = new Map()
    for (const item of items) this.add(item)
    this.isConstant = isConstant
  }
  add(item: unknown): void {
    const hash = hashOf(item)
    if (!this.elements.has(hash)) this.elements.set(hash, item)
  }
}

/** A match of a regular expression, or an address: true, not None, and nothing else is known of it. */
export class TruthyValue {
  readonly kind: string
  constructor(kind: string) {
    this.kind = kind
  }
}

export function isRawObject(value: unknown): value is RawObject {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Integers up to 15 digits are the same in both languages. */
export function isExactNumber(value: number): boolean {
  return Math.abs(value) < 1e15
}

export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false
  return true
}

export function requireAscii(text: string): string {
  if (!isAscii(text)) throw NOT_ASCII
  return text
}

/** What stands for a value as the key of a Map, so that values that are equal to Python are one key. */
export function hashOf(value: unknown): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `\0s${value}` : value
  if (value === null) return null
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') {
    if (!isExactNumber(value)) throw INEXACT
    return value
  }
  // No text has this form, as texts that begin with the same sign are marked.
  if (value instanceof TupleValue) return `\0t${JSON.stringify(value.items.map(hashOf))}`
  if (isUnhashable(value)) throw TYPE_ERROR
  throw UNSUPPORTED
}

function isUnhashable(value: unknown): boolean {
  return (
    Array.isArray(value) ||
    value instanceof ListValue ||
    value instanceof DictValue ||
    value instanceof SetValue ||
    value instanceof EventValue ||
    isRawObject(value)
  )
}

/** The elements of an ordered container of either kind, or null. */
export function itemsOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value
  return value instanceof ListValue || value instanceof TupleValue ? value.items : null
}

/** A copy of a value of the event as Python's own containers. */
export function plainValue(value: unknown, isConstant = false): unknown {
  if (Array.isArray(value)) {
    return new ListValue(
      value.map((each) => plainValue(each, isConstant)),
      isConstant,
    )
  }
  if (!isRawObject(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [key, plainValue(each, isConstant)] as const)
  if (entries.some(([key]) => isIndexLike(key))) throw new Unknown('an object with keys that are numbers')
  return new DictValue(entries, isConstant)
}

/** A list or dict that a data model made, as detections see it: a view. */
export function viewOf(value: unknown): unknown {
  const isPart = (part: unknown) => part === null || typeof part !== 'object'
  if (value instanceof ListValue) {
    if (!value.items.every(isPart)) throw UNSUPPORTED
    return [...value.items]
  }
  if (value instanceof DictValue) {
    const entries = [...value.entries.values()]
    if (!entries.every(([key, each]) => typeof key === 'string' && !isIndexLike(key) && isPart(each)))
      throw UNSUPPORTED
    return Object.fromEntries(entries as [string, unknown][])
  }
  return value
}

/** JavaScript moves such keys to the front of an object. */
export function isIndexLike(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 48 && first <= 57 && /^(?:0|[1-9]\d*)$/.test(key)
}

/**
 * WORKER THREAD. Operators of Python over the values of a guard: truth, equality, order, membership, arithmetic.
 */
import { ABSENT, lookUp, orderedKeys } from './guard-lookup.ts'
import {
  DictValue,
  EventValue,
  hashOf,
  INEXACT,
  IterableValue,
  isExactNumber,
  isRawObject,
  itemsOf,
  ListValue,
  requireAscii,
  SetValue,
  TupleValue,
  TYPE_ERROR,
  UNSUPPORTED,
  Unknown,
} from './guard-values.ts'

const LONE_SURROGATE = new Unknown('a text with half of a character')

export type Comparison = (left: unknown, right: unknown) => boolean

export function isTruthy(value: unknown): boolean {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'function') throw UNSUPPORTED
    return Boolean(value)
  }
  const items = itemsOf(value)
  if (items) return items.length > 0
  if (value instanceof DictValue) return value.entries.size > 0
  if (value instanceof SetValue) return value.elements.size > 0
  if (value instanceof EventValue) return !isEmpty(value.record)
  if (isRawObject(value)) return !isEmpty(value)
  if (value instanceof IterableValue) return sizedItems(value).length > 0
  return true
}

function sizedItems({ items, isSized }: IterableValue): readonly unknown[] {
  if (!isSized) throw UNSUPPORTED
  return items
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}

export function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || (typeof value !== 'object' && typeof value !== 'function')
}

export function equals(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left === right
  if (isScalar(left) && isScalar(right)) return equalScalars(left, right)
  if (isScalar(left) || isScalar(right)) {
    requireContainer(isScalar(left) ? right : left)
    return false
  }
  return equalContainers(left, right)
}

function equalScalars(left: string | number | boolean | null, right: string | number | boolean | null) {
  if (left === null || right === null || typeof left === 'string' || typeof right === 'string') {
    return left === right
  }
  return exact(left) === exact(right)
}

function exact(value: number | boolean): number {
  if (typeof value === 'number' && !isExactNumber(value)) throw INEXACT
  return Number(value)
}

function requireContainer(value: unknown): void {
  if (value instanceof EventValue || value instanceof IterableValue) throw UNSUPPORTED
  if (sizeOf(value) === null) throw UNSUPPORTED
}

/** Lists of scalars by their elements; dicts and sets only where one of them is empty. */
function equalContainers(left: unknown, right: unknown): boolean {
  const [ours, theirs] = [itemsOf(left), itemsOf(right)]
  if (ours && theirs) {
    if (
      left instanceof TupleValue !== right instanceof TupleValue &&
      !Array.isArray(left) &&
      !Array.isArray(right)
    )
      return false
    if (ours.length !== theirs.length) return false
    return ours.every((each, at) => equals(each, theirs[at]))
  }
  if (left instanceof SetValue && right instanceof SetValue) {
    const [first, second] = [left.elements, right.elements]
    return first.size === second.size && [...first.keys()].every((each) => second.has(each))
  }
  const isMapping = (value: unknown) => value instanceof DictValue || isRawObject(value)
  if (isMapping(left) && isMapping(right)) {
    const [first, second] = [sizeOf(left), sizeOf(right)]
    if (first !== 0 && second !== 0) throw UNSUPPORTED
    return first === second
  }
  if ((isMapping(left) && theirs) || (ours && isMapping(right))) return false
  throw UNSUPPORTED
}

/** `len`, or null where it has none. Texts count in characters, so only those of ASCII are counted here. */
export function sizeOf(value: unknown): number | null {
  if (typeof value === 'string') return requireAscii(value).length
  const items = itemsOf(value)
  if (items) return items.length
  if (value instanceof DictValue) return value.entries.size
  if (value instanceof SetValue) return value.elements.size
  if (value instanceof EventValue) return Object.keys(value.record).length
  if (value instanceof IterableValue) return sizedItems(value).length
  return isRawObject(value) ? Object.keys(value).length : null
}

export function contains(container: unknown, value: unknown): boolean {
  if (container instanceof SetValue) {
    if (value instanceof SetValue) throw UNSUPPORTED
    return container.elements.has(hashOf(value))
  }
  if (typeof container === 'string') {
    if (typeof value !== 'string') throw TYPE_ERROR
    return container.includes(wellFormed(value))
  }
  const items = itemsOf(container)
  if (items) return items.some((each) => equals(each, value))
  if (container instanceof DictValue) return container.find(value) !== null
  if (container instanceof EventValue) return lookUp(container.record, value) !== ABSENT
  if (isRawObject(container)) return lookUp(container, value) !== ABSENT
  if (isScalar(container)) throw TYPE_ERROR
  if (container instanceof IterableValue && container.owner !== null) return contains(container.owner, value)
  throw UNSUPPORTED
}

/** Half of a surrogate pair would be found within a whole one, and two halves would become one character. */
export function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw LONE_SURROGATE
  return text
}

function isSame(left: unknown, right: unknown): boolean {
  const isSingle = (value: unknown) => value === null || typeof value === 'boolean'
  if (!isSingle(left) && !isSingle(right)) throw UNSUPPORTED
  return left === right
}

function order(left: unknown, right: unknown): number {
  const [first, second] = [numberOf(left), numberOf(right)]
  if (first !== null && second !== null) return first - second
  if (typeof left === 'string' && typeof right === 'string') {
    const [ours, theirs] = [requireAscii(left), requireAscii(right)]
    return ours < theirs ? -1 : Number(ours > theirs)
  }
  if (isScalar(left) && isScalar(right)) throw TYPE_ERROR
  throw UNSUPPORTED
}

/** A number or boolean as a number, or null. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'number' || typeof value === 'boolean' ? exact(value) : null
}

export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '==': equals,
  '!=': (left, right) => !equals(left, right),
  '<': (left, right) => order(left, right) < 0,
  '<=': (left, right) => order(left, right) <= 0,
  '>': (left, right) => order(left, right) > 0,
  '>=': (left, right) => order(left, right) >= 0,
  is: isSame,
  'is not': (left, right) => !isSame(left, right),
  in: (left, right) => contains(right, left),
  'not in': (left, right) => !contains(right, left),
}

/** All elements in order. A set has none, so `isOrdered` says whether it matters. */
export function elementsOf(value: unknown, isOrdered = true): Iterable<unknown> {
  const items = itemsOf(value)
  if (items) return items
  if (typeof value === 'string') return requireAscii(value)
  if (value instanceof IterableValue) return value.items
  if (value instanceof DictValue) return [...value.entries.values()].map(([key]) => key)
  if (value instanceof EventValue) return orderedKeys(value.record)
  if (isRawObject(value)) return orderedKeys(value)
  if (value instanceof SetValue) {
    if (isOrdered && value.elements.size > 1) throw new Unknown('the order of a set')
    return value.elements.values()
  }
  if (isScalar(value)) throw TYPE_ERROR
  throw UNSUPPORTED
}

export function binary(operator: string, left: unknown, right: unknown): unknown {
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
    return wellFormed(left) + wellFormed(right)
  }
  const first = numberOf(left)
  const second = numberOf(right)
  if (first !== null && second !== null) return arithmetic(operator, first, second)
  if (operator === '+') {
    if (left instanceof ListValue && right instanceof ListValue) {
      return new ListValue([...left.items, ...right.items])
    }
    if (left instanceof TupleValue && right instanceof TupleValue) {
      return new TupleValue([...left.items, ...right.items])
    }
  }
  if (left instanceof SetValue && right instanceof SetValue) return combineSets(operator, left, right)
  if (operator !== '%' && operator !== '*' && isScalar(left) && isScalar(right)) throw TYPE_ERROR
  throw UNSUPPORTED
}

function arithmetic(operator: string, left: number, right: number): number {
  const isWhole = Number.isInteger(left) && Number.isInteger(right)
  const result = operator === '+' ? left + right : operator === '-' ? left - right : left * right
  if (!isWhole || !'+-*'.includes(operator) || !isExactNumber(result)) throw INEXACT
  return result
}

export function combineSets(operator: string, left: SetValue, right: SetValue): SetValue {
  const ours = [...left.elements.values()]
  if (operator === '|') return new SetValue([...ours, ...right.elements.values()])
  const isIn = (each: unknown) => right.elements.has(hashOf(each))
  if (operator === '&') {
    // Of two equal elements, `1` and `True`, Python keeps that of the smaller set.
    const isOther = (each: unknown) => right.elements.get(hashOf(each)) !== each
    const common = ours.filter(isIn)
    if (common.some(isOther)) throw UNSUPPORTED
    return new SetValue(common)
  }
  if (operator === '-') return new SetValue(ours.filter((each) => !isIn(each)))
  throw UNSUPPORTED
}

/**
 * WORKER THREAD. Python's own functions, as far as a guard knows them, over values that are already there.
 */
import { ipAddress, ipv4Address, ipv6Address, isPrivateAddress } from './guard-address.ts'
import { COMPARISONS, elementsOf, equals, isScalar, isTruthy, numberOf, sizeOf } from './guard-operations.ts'
import type { Run } from './guard-run.ts'
import {
  DictValue,
  EventValue,
  INEXACT,
  IterableValue,
  isExactNumber,
  isRawObject,
  itemsOf,
  ListValue,
  NOT_ASCII,
  type Raised,
  requireAscii,
  SetValue,
  TruthyValue,
  TupleValue,
  TYPE_ERROR,
  UNSUPPORTED,
  type Unknown,
  VALUE_ERROR,
} from './guard-values.ts'

type Builtin = (given: readonly unknown[], run: Run) => unknown

const MAX_RANGE = 3_000

export const BUILTINS: Readonly<Record<string, Builtin>> = {
  len: ([value]) => sizeOf(value) ?? (isScalar(value) ? raise(TYPE_ERROR) : raise(UNSUPPORTED)),
  str: (given, run) => (given.length === 0 ? '' : textOf(given[0], run)),
  int: ([value], run) => integerOf(value, run),
  bool: (given) => given.length > 0 && isTruthy(given[0]),
  abs: ([value]) => Math.abs(numberOf(value) ?? raise(TYPE_ERROR)),
  any: ([value]) => [...elementsOf(value, false)].some(isTruthy),
  all: ([value]) => [...elementsOf(value, false)].every(isTruthy),
  list: (given) => new ListValue(given.length === 0 ? [] : [...elementsOf(given[0])]),
  tuple: (given) => new TupleValue(given.length === 0 ? [] : [...elementsOf(given[0])]),
  set: (given) => new SetValue(given.length === 0 ? [] : elementsOf(given[0], false)),
  frozenset: (given) => new SetValue(given.length === 0 ? [] : elementsOf(given[0], false)),
  dict: (given) => (given.length === 0 ? new DictValue() : raise(UNSUPPORTED)),
  sorted: ([value]) => new ListValue([...elementsOf(value, false)].sort(compare)),
  min: (given) => extreme(given, '<'),
  max: (given) => extreme(given, '>'),
  sum: ([value]) => [...elementsOf(value, false)].reduce<number>((sum, each) => sum + wholeNumber(each), 0),
  enumerate: ([value]) =>
    new IterableValue(
      [...elementsOf(value)].map((each, at) => new TupleValue([at, each])),
      false,
    ),
  zip: ([first, second]) => {
    const [ours, theirs] = [[...elementsOf(first)], [...elementsOf(second)]]
    return new IterableValue(
      ours.slice(0, theirs.length).map((each, at) => new TupleValue([each, theirs[at]])),
      false,
    )
  },
  range: (given, run) => (run.hasPlainNumbers() ? rangeOf(given) : raise(INEXACT)),
  iter: ([value]) => {
    elementsOf(value, false)
    return new TruthyValue('iterator')
  },
  hasattr: ([value, name]) => hasAttribute(value, name),
  fnmatch: ([text, pattern]) => matchesGlob(text, pattern),
  ip_address: ([value]) => ipAddress(value),
  ipv4_address: ([value]) => ipv4Address(value),
  ipv6_address: ([value]) => ipv6Address(value),
  is_private: ([value]) => isPrivateAddress(value),
}

function raise(error: Raised | Unknown): never {
  throw error
}

export function textOf(value: unknown, run: Run): string {
  if (typeof value === 'string') return value
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number' && Number.isInteger(value) && isExactNumber(value) && run.hasPlainNumbers()) {
    return String(value)
  }
  throw typeof value === 'number' ? INEXACT : UNSUPPORTED
}

function integerOf(value: unknown, run: Run): number {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || !isExactNumber(value) || !run.hasPlainNumbers()) throw INEXACT
    return value
  }
  if (typeof value === 'string') {
    if (/^[0-9]{1,15}$/.test(value) && !value.endsWith('\n')) return Number(value)
    // Python also reads signs, white space, underscores and digits of other scripts.
    if (/^[A-Za-z.:/]*$/.test(value)) throw VALUE_ERROR
    throw NOT_ASCII
  }
  throw value === null ? TYPE_ERROR : UNSUPPORTED
}

function wholeNumber(value: unknown): number {
  const number = numberOf(value)
  if (number === null || !Number.isInteger(number)) throw INEXACT
  return number
}

function compare(left: unknown, right: unknown): number {
  if (COMPARISONS['<']!(left, right)) return -1
  return equals(left, right) ? 0 : 1
}

function extreme(given: readonly unknown[], operator: string): unknown {
  const values = given.length === 1 ? [...elementsOf(given[0], false)] : given
  if (values.length === 0) throw VALUE_ERROR
  return values.reduce((best, each) => (COMPARISONS[operator]!(each, best) ? each : best))
}

function rangeOf(given: readonly unknown[]): IterableValue {
  if (!given.every((each) => typeof each === 'number' && Number.isInteger(each))) throw UNSUPPORTED
  const [first, second] = given as readonly number[]
  const [start, end] = second === undefined ? [0, first!] : [first!, second]
  if (given.length > 2 || end - start > MAX_RANGE) throw UNSUPPORTED
  return new IterableValue(
    Array.from({ length: Math.max(0, end - start) }, (_, at) => start + at),
    true,
  )
}

/** Whether it is a mapping is all that is asked in this way. */
function hasAttribute(value: unknown, name: unknown): boolean {
  if (name !== 'get' || value instanceof TruthyValue || value instanceof IterableValue) throw UNSUPPORTED
  return value instanceof DictValue || value instanceof EventValue || isRawObject(value)
}

/** Literal text and `*` only; on POSIX systems `fnmatch` is not case-insensitive. */
function matchesGlob(text: unknown, pattern: unknown): boolean {
  if (typeof text !== 'string' || typeof pattern !== 'string') throw UNSUPPORTED
  if (/[?[\]]/.test(requireAscii(pattern))) throw UNSUPPORTED
  const [first, ...rest] = pattern.split('*')
  if (rest.length === 0) return requireAscii(text) === pattern
  const last = rest.pop()!
  if (!requireAscii(text).startsWith(first!)) return false
  let at = first!.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** Objects and lists of the event are views: mappings and sequences, but neither dicts nor lists. */
export function isInstance(value: unknown, types: readonly unknown[], run: Run): boolean {
  if (value instanceof TruthyValue || value instanceof IterableValue) throw UNSUPPORTED
  return types.some((type) => isOfType(value, type, run))
}

function isOfType(value: unknown, type: unknown, run: Run): boolean {
  switch (type) {
    case 'str':
      return typeof value === 'string'
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'boolean' || (typeof value === 'number' && isInteger(value, run))
    case 'float':
      return typeof value === 'number' && !isInteger(value, run)
    case 'dict':
      return value instanceof DictValue
    case 'list':
      return value instanceof ListValue
    case 'tuple':
      return value instanceof TupleValue
    case 'Mapping':
      return value instanceof DictValue || value instanceof EventValue || isRawObject(value)
    case 'Sequence':
      return typeof value === 'string' || itemsOf(value) !== null
    case 'bytes':
    case 'MagicMock':
      return false
  }
  // Whether a set is frozen is not known.
  if (value instanceof SetValue) throw UNSUPPORTED
  return false
}

function isInteger(value: number, run: Run): boolean {
  if (!isExactNumber(value) || !run.hasPlainNumbers()) throw INEXACT
  return Number.isInteger(value)
}

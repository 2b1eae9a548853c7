/** WORKER THREAD. Evaluates `container[key]` and `container[from:to]`. */
import { ABSENT, lookUp } from './guard-lookup.ts'
import { isScalar } from './guard-operations.ts'
import {
  DictValue,
  EventValue,
  INDEX_ERROR,
  isRawObject,
  itemsOf,
  KEY_ERROR,
  ListValue,
  requireAscii,
  SetValue,
  TupleValue,
  TYPE_ERROR,
  UNSUPPORTED,
} from './guard-values.ts'

/** @param hasPlainNumbers Whether a whole number is certainly no float, with which Python does not index. */
export function itemAt(container: unknown, key: unknown, hasPlainNumbers: () => boolean): unknown {
  if (container instanceof DictValue) {
    const found = container.find(key)
    if (!found) throw KEY_ERROR
    return found.value
  }
  if (container instanceof EventValue || isRawObject(container)) {
    const found = lookUp(container instanceof EventValue ? container.record : container, key)
    if (found === ABSENT) throw KEY_ERROR
    return found
  }
  const items = typeof container === 'string' ? requireAscii(container) : itemsOf(container)
  if (items === null) throw container instanceof SetValue || isScalar(container) ? TYPE_ERROR : UNSUPPORTED
  if (typeof key !== 'number') throw typeof key === 'string' || key === null ? TYPE_ERROR : UNSUPPORTED
  if (!Number.isInteger(key) || !hasPlainNumbers()) throw UNSUPPORTED
  const at = key < 0 ? key + items.length : key
  if (at < 0 || at >= items.length) throw INDEX_ERROR
  return items[at]
}

export function endOf(value: unknown, hasPlainNumbers: () => boolean): number | null {
  if (value === null) return null
  if (typeof value !== 'number' || !Number.isInteger(value) || !hasPlainNumbers()) throw UNSUPPORTED
  return value
}

export function sliceOf(value: unknown, start: number | undefined, end: number | undefined): unknown {
  if (typeof value === 'string') return requireAscii(value).slice(start, end)
  if (value instanceof ListValue) return new ListValue(value.items.slice(start, end))
  if (value instanceof TupleValue) return new TupleValue(value.items.slice(start, end))
  // The slice of a view is a plain tuple of copies.
  if (Array.isArray(value) && value.every(isScalar)) return new TupleValue(value.slice(start, end))
  throw value === null || isScalar(value) ? TYPE_ERROR : UNSUPPORTED
}

/** WORKER THREAD. Methods of the event, of its objects and lists, and of Python's containers. */
import { ABSENT, lookUp, orderedKeys, read } from './guard-lookup.ts'

import { combineSets, elementsOf, isScalar, wellFormed } from './guard-operations.ts'
import { TEXT_METHODS } from './guard-text.ts'
import {
  ATTRIBUTE_ERROR,
  DictValue,
  EventValue,
  IS_CONSTANT,
  IterableValue,
  isRawObject,
  ListValue,
  type RawObject,
  SetValue,
  TupleValue,
  TYPE_ERROR,
  UNSUPPORTED,
} from './guard-values.ts'

export const CHANGING_METHODS: ReadonlySet<string> = new Set(['append', 'extend', 'add'])

export function callMethod(name: string, receiver: unknown, given: readonly unknown[]): unknown {
  if (name === 'get_default') return getWithKeyword(receiver, given)
  if (typeof receiver === 'string') {
    const method = TEXT_METHODS[name]
    if (method) return method(wellFormed(receiver), given)
    // What texts have beyond these is not known here.
    if (name === 'index' || name === 'get') throw name === 'get' ? ATTRIBUTE_ERROR : UNSUPPORTED
    throw isOfContainers(name) ? ATTRIBUTE_ERROR : UNSUPPORTED
  }
  if (receiver instanceof EventValue) return mappingMethod(name, receiver.record, given)
  if (isRawObject(receiver)) return mappingMethod(name, receiver, given)
  if (receiver instanceof DictValue) return dictMethod(name, receiver, given)
  if (receiver instanceof SetValue) return setMethod(name, receiver, given)
  if (receiver instanceof ListValue) return listMethod(name, receiver, given)
  if (isScalar(receiver)) throw ATTRIBUTE_ERROR
  if ((Array.isArray(receiver) || receiver instanceof TupleValue) && isOfTextsOrMappings(name))
    throw ATTRIBUTE_ERROR
  throw UNSUPPORTED
}

/** `get(key, default=value)`: views know the keyword, dicts do not. */
function getWithKeyword(receiver: unknown, given: readonly unknown[]): unknown {
  if (receiver instanceof DictValue) throw TYPE_ERROR
  return callMethod('get', receiver, given)
}

function isOfContainers(name: string): boolean {
  return ['keys', 'values', 'items', 'append', 'add', 'extend', 'update'].includes(name)
}

function isOfTextsOrMappings(name: string): boolean {
  return name in TEXT_METHODS && name !== 'count' ? true : ['get', 'keys', 'values', 'items'].includes(name)
}

function mappingMethod(name: string, object: RawObject, given: readonly unknown[]): unknown {
  switch (name) {
    case 'get': {
      const found = lookUp(object, given[0])
      return found === ABSENT ? (given[1] ?? null) : found
    }
    case 'keys':
      return new IterableValue(orderedKeys(object), true, object)
    case 'values':
      return valuesOf(orderedKeys(object).map((key) => read(object, key)))
    case 'items':
      return valuesOf(orderedKeys(object).map((key) => new TupleValue([key, read(object, key)])))
  }
  throw name in TEXT_METHODS || name === 'append' || name === 'add' ? ATTRIBUTE_ERROR : UNSUPPORTED
}

function dictMethod(name: string, dict: DictValue, given: readonly unknown[]): unknown {
  const entries = () => [...dict.entries.values()]
  switch (name) {
    case 'get': {
      const found = dict.find(given[0])
      return found ? found.value : (given[1] ?? null)
    }
    case 'keys':
      return new IterableValue(
        entries().map(([key]) => key),
        true,
        dict,
      )
    case 'values':
      return valuesOf(entries().map(([, value]) => value))
    case 'items':
      return valuesOf(entries().map((entry) => new TupleValue(entry)))
  }
  throw name in TEXT_METHODS ? ATTRIBUTE_ERROR : UNSUPPORTED
}

function valuesOf(items: readonly unknown[]): IterableValue {
  return new IterableValue(items, true)
}

function setMethod(name: string, set: SetValue, given: readonly unknown[]): unknown {
  if (name === 'add') {
    if (set.isConstant) throw IS_CONSTANT
    set.add(given[0])
    return null
  }
  const operator = { intersection: '&', union: '|', difference: '-' }[name]
  if (operator) return combineSets(operator, set, asSet(given[0]))
  if (name === 'issubset') return combineSets('-', set, asSet(given[0])).elements.size === 0
  if (name === 'isdisjoint') return combineSets('&', set, asSet(given[0])).elements.size === 0
  throw name in TEXT_METHODS || name === 'get' ? ATTRIBUTE_ERROR : UNSUPPORTED
}

function asSet(value: unknown): SetValue {
  return value instanceof SetValue ? value : new SetValue(elementsOf(value, false))
}

function listMethod(name: string, list: ListValue, given: readonly unknown[]): unknown {
  if (name === 'append' || name === 'extend') {
    if (list.isConstant) throw IS_CONSTANT
    const added = name === 'append' ? [given[0]] : [...elementsOf(given[0])]
    list.items.push(...added)
    return null
  }
  throw isOfTextsOrMappings(name) ? ATTRIBUTE_ERROR : UNSUPPORTED
}

export function deepGet(receiver: unknown, keys: readonly unknown[], otherwise: unknown): unknown {
  if (!(receiver instanceof EventValue)) {
    throw receiver === null || isScalar(receiver) || isRawObject(receiver) || receiver instanceof DictValue
      ? ATTRIBUTE_ERROR
      : UNSUPPORTED
  }
  // A mapping that holds something would be descended into.
  if ((otherwise instanceof DictValue && otherwise.entries.size > 0) || isRawObject(otherwise))
    throw UNSUPPORTED
  if (otherwise instanceof EventValue) throw UNSUPPORTED
  // Without a key it is the event itself.
  if (keys.length === 0) throw UNSUPPORTED
  let value: unknown = receiver.record
  for (const key of keys) {
    if (!isRawObject(value)) return otherwise
    value = lookUp(value, key)
    if (value === ABSENT || value === null) return otherwise
  }
  return value
}

/**
 * WORKER THREAD. `event.deep_walk`: through objects by exact keys, and through every element of the lists on the
 * way.
 */
import { read } from './guard-lookup.ts'

import { isScalar } from './guard-operations.ts'
import { hashOf, isRawObject, ListValue, plainValue, type RawObject, UNSUPPORTED } from './guard-values.ts'

export function deepWalk(
  record: RawObject,
  keys: readonly unknown[],
  otherwise: unknown,
  wanted: unknown,
): unknown {
  if (!isScalar(otherwise) && !isEmptyList(otherwise)) throw UNSUPPORTED
  if (!keys.every((key) => typeof key === 'string') || typeof wanted !== 'string') throw UNSUPPORTED
  const found = walk(record, keys, 0, otherwise, wanted)
  return found === otherwise ? found : plainValue(found)
}

function walk(
  value: unknown,
  keys: readonly string[],
  at: number,
  otherwise: unknown,
  wanted: string,
): unknown {
  if (at === keys.length) return value === null || isHollow(value) ? otherwise : value
  if (isRawObject(value)) {
    const key = keys[at]!
    return Object.hasOwn(value, key) ? walk(read(value, key), keys, at + 1, otherwise, wanted) : otherwise
  }
  if (!Array.isArray(value)) return otherwise
  const found = new Map<unknown, unknown>()
  for (const item of value) {
    const inner = walk(item, keys, at, otherwise, wanted)
    for (const each of partsOf(inner)) if (!found.has(hashOf(each))) found.set(hashOf(each), each)
  }
  return found.size === 0 ? otherwise : choose([...found.values()], wanted)
}

function partsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (value instanceof ListValue) return value.items
  return value === null ? [] : [value]
}

function choose(values: readonly unknown[], wanted: string): unknown {
  if (wanted === 'first') return values[0]
  if (wanted === 'last') return values.at(-1)
  if (wanted === 'all') return values.length === 1 ? values[0] : values
  return 'all'
}

function isEmptyList(value: unknown): boolean {
  return value instanceof ListValue && value.items.length === 0
}

function isHollow(value: unknown): boolean {
  return Array.isArray(value) && value.every(isHollow)
}

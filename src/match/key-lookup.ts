/** Looks up a key of an event. Names are found in any case, as in the event that Python bodies see. Pure. */

import { isContainer } from '../core/exact-json.ts'
import type { Key, KeyStep } from '../model/project/match-expression.ts'

/** The values of a key: none if it does not exist, several if it selects every element of a list. */
export function valuesAt(record: unknown, key: Key): readonly unknown[] {
  let values: readonly unknown[] = [record]
  for (const step of key) {
    values =
      values.length === 1 ? valuesBelow(values[0], step) : values.flatMap((value) => valuesBelow(value, step))
  }
  return values
}

/** The value; a list if the key selects every element; undefined if the key does not exist. */
export function valueAt(record: unknown, key: Key): unknown {
  const values = valuesAt(record, key)
  return key.includes(null) ? values : values[0]
}

function valuesBelow(value: unknown, step: KeyStep): readonly unknown[] {
  // A single value counts as a list of one: enrichment is one entry or a list of them.
  if (step === null) return Array.isArray(value) ? value : [value]
  if (Array.isArray(value)) {
    const item: unknown = typeof step === 'number' ? value.at(step) : undefined
    return item === undefined ? [] : [item]
  }
  if (!isContainer(value)) return []
  const name = nameIn(value, String(step))
  return name === undefined ? [] : [(value as Record<string, unknown>)[name]]
}

function nameIn(record: object, name: string): string | undefined {
  if (Object.hasOwn(record, name)) return name
  const lower = name.toLowerCase()
  return Object.keys(record).find((key) => key.toLowerCase() === lower)
}

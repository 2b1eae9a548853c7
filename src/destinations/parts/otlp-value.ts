/** Values of JSON as the `AnyValue` of OpenTelemetry, in the JSON encoding of OTLP. Pure. */
import { isContainer, numberOf, textOf } from '../../core/exact-json.ts'

export type AnyValue = object

export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

const MAX_INT64 = 2n ** 63n - 1n

/** @param value from `parseExact`, so that numbers keep their digits. An empty `AnyValue` is null. */
export function anyValue(value: unknown): AnyValue {
  if (value === null || value === undefined) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  if (isContainer(value)) return { kvlistValue: { values: keyValues(value) } }
  return numericValue(value)
}

export function keyValues(object: object): KeyValue[] {
  return Object.entries(object).map(([key, value]) => ({ key, value: anyValue(value) }))
}

/** Whole numbers are 64 bits wide; a larger one becomes text, because a double would lose digits. */
function numericValue(value: unknown): AnyValue {
  const number = numberOf(value)
  if (typeof number === 'number' && !Number.isInteger(value)) {
    return Number.isFinite(number) ? { doubleValue: value } : { stringValue: textOf(value) }
  }
  const whole = BigInt(number ?? 0)
  const fits = whole <= MAX_INT64 && whole >= -MAX_INT64 - 1n
  return fits ? { intValue: String(whole) } : { stringValue: String(whole) }
}

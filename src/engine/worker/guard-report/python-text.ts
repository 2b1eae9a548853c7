/** WORKER THREAD. Values of a guard as Python writes them, for people. */
import {
  DictValue,
  EventValue,
  IterableValue,
  isRawObject,
  ListValue,
  SetValue,
  TruthyValue,
  TupleValue,
} from '../guard/guard-values.ts'

const MAX_VALUE_CHARS = 80
const MAX_ELEMENTS = 8

export function pythonText(value: unknown): string {
  const text = textOf(value)
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS - 1)}…` : text
}

function textOf(value: unknown): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `[${listed(value)}]`
  if (value instanceof ListValue) return `[${listed(value.items)}]`
  if (value instanceof TupleValue) return `(${listed(value.items)}${value.items.length === 1 ? ',' : ''})`
  if (value instanceof SetValue)
    return value.elements.size === 0 ? 'set()' : `{${listed([...value.elements.values()])}}`
  if (value instanceof DictValue) return `{${entries([...value.entries.values()])}}`
  if (value instanceof EventValue) return 'the event'
  if (isRawObject(value)) return `{${entries(Object.entries(value))}}`
  if (value instanceof TruthyValue) return value.kind === 'match' ? 'a match' : `an ${value.kind}`
  return value instanceof IterableValue ? `[${listed(value.items)}]` : 'a function'
}

function listed(items: readonly unknown[]): string {
  const shown = items.slice(0, MAX_ELEMENTS).map(textOf)
  return [...shown, ...(items.length > MAX_ELEMENTS ? ['…'] : [])].join(', ')
}

function entries(pairs: readonly (readonly [unknown, unknown])[]): string {
  const shown = pairs.slice(0, MAX_ELEMENTS).map(([key, value]) => `${textOf(key)}: ${textOf(value)}`)
  return [...shown, ...(pairs.length > MAX_ELEMENTS ? ['…'] : [])].join(', ')
}

/** The kind of a value, in words that follow `is`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  if (typeof value === 'number') return 'a number'
  if (Array.isArray(value) || value instanceof ListValue) return 'a list'
  if (value instanceof TupleValue) return 'a tuple'
  if (value instanceof SetValue) return 'a set'
  if (value instanceof DictValue || isRawObject(value)) return 'an object'
  return value instanceof EventValue ? 'the event' : 'a value of another kind'
}

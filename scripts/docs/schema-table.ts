/** Tables of keys from a JSON Schema: key, type, required, default and meaning. */

import { descriptionOf } from '../../src/config/schemas/descriptions.ts'
import type { Schema } from '../../src/config/yaml/schema-check.ts'

/** A row for each key, nested keys with their path: `Tests[].Name`. */
export function keyTable(schema: Schema, leaveOut: readonly string[] = []): string {
  const rows = rowsOf(schema, '', '').filter(
    ({ path }) =>
      !leaveOut.some((key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`)),
  )
  const lines = rows.map(
    ({ path, type, required, value, meaning }) =>
      `| \`${path}\` | ${type} | ${required ? 'yes' : ''} | ${value} | ${meaning} |`,
  )
  return ['| key | type | required | default | meaning |', '|---|---|---|---|---|', ...lines].join('\n')
}

interface Row {
  readonly path: string
  readonly type: string
  readonly required: boolean
  readonly value: string
  readonly meaning: string
}

function rowsOf(schema: Schema, prefix: string, parent: string): Row[] {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>
  const required = (schema.required ?? []) as readonly string[]
  return Object.entries(properties).flatMap(([name, each]) => {
    const path = prefix ? `${prefix}.${name}` : name
    const meaning = (each.description as string | undefined) ?? descriptionOf(name, parent) ?? ''
    const conditions = conditionsOf(innermost(each))
    const row = {
      path,
      type: typeText(each),
      required: required.includes(name),
      value: each.default === undefined ? '' : `\`${String(each.default)}\``,
      meaning: [meaning, ...conditions].filter(Boolean).join(' '),
    }
    return [row, ...innerRows(each, path, name)]
  })
}

function innerRows(schema: Schema, path: string, name: string): Row[] {
  if (schema.type === 'array') return innerRows((schema.items ?? {}) as Schema, `${path}[]`, name)
  const rest = schema.additionalProperties
  const named = typeof rest === 'object' && rest !== null ? innerRows(rest as Schema, `${path}.*`, name) : []
  return [...(schema.properties ? rowsOf(schema, path, name) : []), ...named]
}

function innermost(schema: Schema): Schema {
  return schema.type === 'array' && schema.items ? innermost(schema.items as Schema) : schema
}

/** Returns "Exactly one of A, B is required." for a mapping whose schema has that rule. */
export function conditionsOf(schema: Schema): string[] {
  const parts = [schema, ...((schema.allOf ?? []) as readonly Schema[])]
  return parts.flatMap((part) => [...sentence('Exactly', part.oneOf), ...sentence('At least', part.anyOf)])
}

/** A choice of types requires no key. */
function sentence(amount: string, branches: unknown): string[] {
  const keys = ((branches ?? []) as readonly { readonly required?: readonly string[] }[])
    .flatMap(({ required = [] }) => required)
    .map((key) => `\`${key}\``)
  return keys.length > 0 ? [`${amount} one of ${keys.join(', ')} is required.`] : []
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'mapping',
  array: 'list',
}

/** Lists of more choices are better read on a page of their own. */
const MAX_CHOICES_SHOWN = 14

function typeText(schema: Schema): string {
  const choices = (schema.choices ?? schema.enum) as readonly unknown[] | undefined
  if (choices && choices.length > MAX_CHOICES_SHOWN) return `one of ${choices.length} values`
  if (choices) return `one of ${choices.map((each) => `\`${String(each)}\``).join(', ')}`
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (schema.type === 'array') return listText(schema)
  if (typeof schema.form === 'string') return escaped(schema.form)
  if (schema.type === undefined && Array.isArray(schema.anyOf)) {
    return (schema.anyOf as readonly Schema[]).map(typeText).join(' or ')
  }
  const type = [schema.type].flat().map((name) => TYPES[String(name)] ?? 'any value')
  return `${type.join(' or ')}${rangeText(schema)}`
}

function listText({ items = {}, uniqueItems }: Schema): string {
  const inner = (items as Schema).type === 'object' ? 'mappings' : typeText(items as Schema)
  return `list of ${inner}${uniqueItems ? ', without duplicates' : ''}`
}

function rangeText({ minimum, maximum, exclusiveMinimum }: Schema): string {
  if (exclusiveMinimum !== undefined) return `, more than ${String(exclusiveMinimum)}`
  if (minimum !== undefined && maximum !== undefined) return `, ${String(minimum)} to ${String(maximum)}`
  if (minimum !== undefined) return `, at least ${String(minimum)}`
  return maximum === undefined ? '' : `, at most ${String(maximum)}`
}

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('|', '\\|')
}

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** The options of a destination type, field by field, for the prompts of `destinations add`. Pure. */
import type { OptionsSchema } from '../../destinations/_destination.ts'
import { type Schema, validationError } from '../yaml/schema-check.ts'
import { parseYaml, toValue } from '../yaml/yaml.ts'
import type { PlainValue } from '../yaml/yaml-edits.ts'
import { formPolicy } from './destination-options.ts'
import { holdsReference } from './secret-references.ts'

export interface OptionField {
  /** Below `options`. */
  readonly path: readonly string[]
  readonly schema: Schema
  readonly secret: boolean
  readonly required: boolean
}

/** The fields directly under a node, required ones first. */
export function fieldsOf(
  schema: OptionsSchema | Schema,
  path: readonly string[] = [],
  secret = false,
): OptionField[] {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>
  const required = (schema.required ?? []) as readonly string[]
  return Object.entries(properties)
    .map(([name, field]) => ({
      path: [...path, name],
      schema: field,
      secret: secret || field.secret === true,
      required: required.includes(name),
    }))
    .sort((a, b) => Number(b.required) - Number(a.required))
}

/** The field that a dotted name means (`headers.X-Key`), or undefined. */
export function fieldAt(options: OptionsSchema, name: string): OptionField | undefined {
  let fields = fieldsOf(options)
  let rest = name
  for (;;) {
    const found = fields.find(({ path }) => rest === path.at(-1) || rest.startsWith(`${path.at(-1)}.`))
    if (!found || rest === found.path.at(-1)) return found
    rest = rest.slice(found.path.at(-1)!.length + 1)
    const { additionalProperties } = found.schema
    if (typeof additionalProperties === 'object' && additionalProperties !== null) {
      return {
        ...found,
        path: [...found.path, rest],
        schema: additionalProperties as Schema,
        required: false,
      }
    }
    fields = fieldsOf(found.schema, found.path, found.secret)
  }
}

/** Text as the field's type: a number, true, a list such as `[a, b]`; of a field of texts, the text itself. */
export function readOption(schema: Schema | undefined, text: string): PlainValue {
  if (schema?.type === 'string' || (schema?.enum as unknown[] | undefined)?.includes(text)) return text
  const { root } = parseYaml(text)
  return root ? (toValue(root) as PlainValue) : text
}

/** Why this value can't be the option's, in words; null: it can. */
export function optionError({ schema, secret, path }: OptionField, value: PlainValue): string | null {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (secret && !holdsReference(text))
    return `${path.join('.')} is a secret: name where it is kept, not the secret itself`
  const inner = { type: 'object', properties: { [path.at(-1)!]: schema } }
  return validationError(inner, { [path.at(-1)!]: value }, formPolicy)
}

/** `${env:SOC_SLACK_WEBHOOK_URL}` for the option webhookUrl of soc-slack. */
export function suggestedReference(destination: string, path: readonly string[]): string {
  const words = [destination, ...path].map((word) => word.replace(/([a-z0-9])([A-Z])/g, '$1_$2'))
  const name = words
    .join('_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
  return `\${env:${/^\d/.test(name) ? `_${name}` : name}}`
}

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** JSON Schemas for editors, made from the schemas that validate: descriptions added, types of destination and their options put in. */
import type { OptionsSchema } from '../../destinations/_destination.ts'
import type { Schema } from '../yaml/schema-check.ts'
import { ANALYSIS_TYPES } from './analysis-types.ts'
import { DERIVED_SCHEMA } from './derived.ts'
import { descriptionOf } from './descriptions.ts'
import { DESTINATION_SCHEMA, DESTINATIONS_SCHEMA } from './destinations-schema.ts'
import { EXPECTATIONS_FILE_SCHEMA } from './expectations-schema.ts'
import { SQL_LOOKUP_TABLE_SCHEMA } from './lookup-table.ts'
import { QUERY_TEXT_KEYS } from './query.ts'
import { SETTINGS_SCHEMA } from './settings-schema.ts'
import { SILENCES_SCHEMA } from './silences-schema.ts'

export interface PublishedSchema {
  readonly name: string
  readonly title: string
  /** Globs of the files it is for. */
  readonly files: readonly string[]
  readonly schema: Schema
}

interface DestinationTypeOptions {
  readonly type: string
  readonly summary: string
  readonly options: OptionsSchema
}

export function publishedSchemas(types: readonly DestinationTypeOptions[]): PublishedSchema[] {
  return [
    published('detection', 'Detections and what they depend on', ANALYSIS_FILES, analysisSchema()),
    published(
      'expectations',
      'Expectations of test cases, by name',
      ['**/*.expect.yml', '**/*.expect.yaml'],
      EXPECTATIONS_FILE_SCHEMA,
    ),
    published('destinations', 'Where alerts go', ['destinations.yaml'], destinationsSchema(types)),
    published('silences', 'Which alerts are not sent, and until when', ['silences.yaml'], SILENCES_SCHEMA),
    published('settings', 'Settings', ['signalbox.yaml'], SETTINGS_SCHEMA),
  ]
}

/** Panther's layout; a side file has a schema of its own. */
const FOLDERS = ['detections', 'rules', 'policies', 'data_models', 'global_helpers', 'queries', 'packs']
const ANALYSIS_FILES = [
  ...FOLDERS.flatMap((folder) => [`${folder}/**/*.yml`, `${folder}/**/*.yaml`]),
  '!**/*.expect.yml',
  '!**/*.expect.yaml',
]

function published(name: string, title: string, files: readonly string[], schema: Schema): PublishedSchema {
  const about = { $schema: 'http://json-schema.org/draft-07/schema#', title: `Signalbox: ${title}` }
  return { name, title, files, schema: { ...about, ...forEditors(schema, '') } }
}

/** The type decides which keys an editor offers. */
function analysisSchema(): Schema {
  const queried = { anyOf: QUERY_TEXT_KEYS.map((key) => ({ required: [key] })) }
  const derived = { required: ['BaseDetection'] }
  const schemaOf = (type: string, schema: Schema) => {
    if (type === 'lookup_table') return when(queried, SQL_LOOKUP_TABLE_SCHEMA, schema)
    return type === 'rule' ? when(derived, DERIVED_SCHEMA, schema) : schema
  }
  return {
    type: 'object',
    required: ['AnalysisType'],
    properties: { AnalysisType: { type: 'string', enum: Object.keys(ANALYSIS_TYPES) } },
    allOf: Object.entries(ANALYSIS_TYPES).map(([type, { schema }]) =>
      when(hasValue('AnalysisType', type), schemaOf(type, schema)),
    ),
  }
}

function hasValue(key: string, value: string): Schema {
  return { properties: { [key]: { const: value } }, required: [key] }
}

/** Made of pairs: an object with a `then` of its own looks like a promise. */
function when(condition: Schema, met: Schema, otherwise?: Schema): Schema {
  const pairs = [['if', condition] as const, ['then', met] as const]
  return Object.fromEntries(otherwise ? [...pairs, ['else', otherwise]] : pairs)
}

function destinationsSchema(types: readonly DestinationTypeOptions[]): Schema {
  const { properties } = DESTINATION_SCHEMA
  const type = {
    description: (properties.type as Schema).description,
    anyOf: [
      ...types.map(({ type: name, summary }) => ({ const: name, description: summary })),
      { type: 'string', pattern: '^\\.\\.?/', description: "A file of the project's own." },
    ],
  }
  const options = types.map((each) =>
    when(hasValue('type', each.type), {
      properties: { options: withReferences(each.options) },
      required: requiresOptions(each.options) ? ['options'] : [],
    }),
  )
  const items = { ...DESTINATION_SCHEMA, properties: { ...properties, type }, allOf: options }
  const { destinations } = DESTINATIONS_SCHEMA.properties
  return {
    ...DESTINATIONS_SCHEMA,
    properties: { ...DESTINATIONS_SCHEMA.properties, destinations: { ...destinations, items } },
  }
}

function requiresOptions({ required = [], oneOf = [] }: OptionsSchema): boolean {
  return required.length + oneOf.length > 0
}

/** A reference satisfies any form that a text must have; its value is checked when it is used. */
function withReferences(schema: Schema): Schema {
  const { description, secret, ...form } = schema
  const reference = { type: 'string', pattern: '\\$\\{(?:env|file):' }
  const text = [description, secret === true && 'Secret: ${env:NAME} or ${file:PATH}.']
    .filter(Boolean)
    .join(' ')
  const isFormed = ['pattern', 'format', 'enum', 'const', 'minLength', 'maxLength'].some((key) => key in form)
  const inner = mapInner(form, withReferences)
  return { ...(text && { description: text }), ...(isFormed ? { anyOf: [inner, reference] } : inner) }
}

/** Adds descriptions, and removes the keywords that only Signalbox has. */
function forEditors(schema: Schema, parent: string): Schema {
  const { form, choices, ...rest } = schema
  const inner = mapInner(rest, (each, name) => {
    const description = name === undefined ? undefined : descriptionOf(name, parent)
    return forEditors({ ...(description !== undefined && { description }), ...each }, name ?? parent)
  })
  const described =
    form === undefined || inner.description !== undefined ? inner : { description: form, ...inner }
  return choices === undefined ? described : offering(choices as readonly string[], described)
}

/** Editors offer the usual spellings; the others are valid as well. */
function offering(choices: readonly string[], { enum: spellings, ...rest }: Schema): Schema {
  const others = (spellings as readonly string[]).filter((each) => !choices.includes(each))
  return { ...rest, anyOf: [{ enum: choices }, { pattern: `^(?:${others.join('|')})$` }] }
}

const LISTS = ['allOf', 'anyOf', 'oneOf']
const SINGLE = ['items', 'additionalProperties', 'if', 'then', 'else', 'not']

/** Applies a change to every schema directly below; those of properties come with their names. */
function mapInner(schema: Schema, change: (inner: Schema, name?: string) => Schema): Schema {
  const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null
  const entries = Object.entries(schema).map(([key, value]) => {
    if (key === 'properties' && isSchema(value)) {
      const inner = Object.entries(value as Readonly<Record<string, Schema>>)
      return [key, Object.fromEntries(inner.map(([name, each]) => [name, change(each, name)]))]
    }
    if (LISTS.includes(key)) return [key, (value as readonly Schema[]).map((each) => change(each))]
    return SINGLE.includes(key) && isSchema(value) ? [key, change(value)] : [key, value]
  })
  return Object.fromEntries(entries) as Schema
}

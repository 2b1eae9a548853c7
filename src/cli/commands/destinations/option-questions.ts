// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** Prompts for the options of a destination type, with an explanation and a check of each. For a secret it asks where the value is stored. */

import {
  fieldsOf,
  type OptionField,
  optionError,
  readOption,
  suggestedReference,
} from '../../../config/destinations/option-fields.ts'
import type { TypeSummary } from '../../../workspace/destinations/load-destination-types.ts'
import type { Prompter } from '../../prompts/prompts.ts'

/** @returns `KEY=VALUE` texts in the form of `--option`. */
export async function askForOptions(
  ask: Prompter,
  destination: string,
  options: TypeSummary['options'],
  given: readonly string[],
): Promise<string[]> {
  const isGiven = (name: string) => given.some((text) => text.startsWith(`${name}=`))
  const open = fieldsOf(options).filter(({ path }) => !isGiven(path.join('.')))
  const ways = waysOf(options)
  const givenWay = ways.find(isGiven)
  const way = givenWay ?? (ways.length === 0 ? null : await askForAlternative(ask, open, ways))
  const fields = open.map((field) => ({
    ...field,
    required: field.required || nameOf(field) === way || requiresOption(options, way, nameOf(field)),
  }))
  return askForFields(ask, destination, applicableFields(fields, options, way === null ? [] : [way]))
}

/** The options of which exactly one is required. Tokens of the transport are for those who write the file by hand. */
function waysOf({ oneOf = [] }: TypeSummary['options']): string[] {
  return oneOf.filter(({ properties }) => properties === undefined).flatMap(({ required }) => required)
}

/** True if an option requires another one. */
function requiresOption(
  { dependencies = {} }: TypeSummary['options'],
  option: string | null,
  other: string,
): boolean {
  const required = option === null ? [] : (dependencies[option] ?? [])
  return 'includes' in required && required.includes(other)
}

/** The fields that apply to the chosen alternatives, without other alternatives and the options that only those have. */
function applicableFields(
  fields: readonly OptionField[],
  options: TypeSummary['options'],
  chosen: readonly string[],
): OptionField[] {
  const ways = waysOf(options)
  const others = ways.filter((way) => !chosen.includes(way))
  if (chosen.length === 0) return [...fields]
  return fields.filter((field) => {
    const name = nameOf(field)
    return !others.includes(name) && !others.some((way) => requiresOption(options, name, way))
  })
}

/** Exactly one of these options is required. */
function askForAlternative(
  ask: Prompter,
  fields: readonly OptionField[],
  ways: readonly string[],
): Promise<string> {
  const choices = fields.filter((field) => ways.includes(nameOf(field)))
  return ask.select('Choose one', choices.map(choiceOf))
}

/** Prompts for the options of a destination that change. @param set the names of the options that it has. */
export async function askForSome(
  ask: Prompter,
  destination: string,
  options: TypeSummary['options'],
  set: readonly string[],
): Promise<string[]> {
  const ways = waysOf(options)
  const fields = fieldsOf(options).map((field) => ({ ...field, required: false }))
  return askForFields(
    ask,
    destination,
    applicableFields(
      fields,
      options,
      ways.filter((way) => set.includes(way)),
    ),
  )
}

function nameOf({ path }: OptionField): string {
  return path.at(-1)!
}

function choiceOf(field: OptionField): { value: string; hint: string } {
  return { value: nameOf(field), hint: explained(field.schema) }
}

async function askForFields(
  ask: Prompter,
  destination: string,
  fields: readonly OptionField[],
): Promise<string[]> {
  const optional = fields.filter(({ required }) => !required)
  const answers: string[] = []
  for (const field of fields.filter(({ required }) => required))
    answers.push(...(await askFor(ask, destination, field)))
  if (optional.length === 0) return answers
  const chosen = await ask.multiselect('Which other options do you want to set?', optional.map(choiceOf))
  for (const field of optional) {
    if (chosen.includes(nameOf(field))) answers.push(...(await askFor(ask, destination, field)))
  }
  return answers
}

async function askFor(ask: Prompter, destination: string, field: OptionField): Promise<string[]> {
  const { schema, path, secret } = field
  const key = path.join('.')
  const message = [key, explained(schema)].filter(Boolean).join(': ')
  if (schema.properties !== undefined) return askForFields(ask, destination, fieldsOf(schema, path, secret))
  if (schema.type === 'object') return askForEntries(ask, destination, field, message)
  if (secret) return [`${key}=${await askForReference(ask, destination, field, message)}`]
  if (Array.isArray(schema.enum))
    return [
      `${key}=${await ask.select(
        message,
        schema.enum.map((value) => ({ value: String(value) })),
      )}`,
    ]
  if (schema.type === 'boolean') return [`${key}=${await ask.confirm(message, schema.default === true)}`]
  const asText = (answer: string) =>
    schema.type === 'array' && !answer.startsWith('[') ? `[${answer}]` : answer
  const fault = (answer: string) => optionError(field, readOption(schema, asText(answer)))
  return [`${key}=${asText(await ask.text(message, fault))}`]
}

/** Prompts for the names and values of a mapping, until the user enters no name. */
async function askForEntries(
  ask: Prompter,
  destination: string,
  field: OptionField,
  message: string,
): Promise<string[]> {
  const answers: string[] = []
  const inner = typeof field.schema.additionalProperties === 'object' ? field.schema.additionalProperties : {}
  for (;;) {
    const name = await ask.text(
      `${message} Name of the ${answers.length === 0 ? 'first' : 'next'} entry (none = done)`,
      () => null,
    )
    if (name === '') return answers
    const entry = { ...field, path: [...field.path, name], schema: inner as OptionField['schema'] }
    answers.push(...(await askFor(ask, destination, entry)))
  }
}

const VARIABLE = 'an environment variable'

/** The name of a reference is visible while the user types it. The secret itself is rejected. */
async function askForReference(
  ask: Prompter,
  destination: string,
  field: OptionField,
  message: string,
): Promise<string> {
  const kept = await ask.select(`${message} This is a secret. Where is it stored?`, [
    { value: VARIABLE },
    { value: 'a file' },
  ])
  if (kept !== VARIABLE) {
    return `\${file:${await ask.text('Path of the file, relative to the project', (path) => (/^[^{}\s]+$/.test(path) ? null : 'Enter a path.'))}}`
  }
  const suggested = suggestedReference(destination, field.path)
  const name = await ask.text(
    'Name of the variable',
    (answer) =>
      /^[A-Z_][A-Z0-9_]*$/.test(answer)
        ? null
        : 'Enter the name of the variable in capitals, not the secret.',
    suggested.slice('${env:'.length, -1),
  )
  return `\${env:${name}}`
}

function explained(schema: OptionField['schema']): string {
  return typeof schema.description === 'string' ? schema.description : ''
}

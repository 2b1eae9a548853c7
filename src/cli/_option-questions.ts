// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** Asks for the options of a destination type, each explained and checked as it is typed. Secrets are asked for by where they are kept. */
import type { AboutType } from '../workspace/destination-types.ts'
import {
  fieldsOf,
  type OptionField,
  optionFault,
  readOption,
  suggestedReference,
} from '../workspace/option-fields.ts'
import type { Asking } from './_asking.ts'

/** @returns `KEY=VALUE`, as the flags have it. */
export async function askForOptions(
  ask: Asking,
  destination: string,
  options: AboutType['options'],
  given: readonly string[],
): Promise<string[]> {
  const open = fieldsOf(options).filter(
    ({ path }) => !given.some((text) => text.startsWith(`${path.join('.')}=`)),
  )
  return askForFields(ask, destination, open)
}

async function askForFields(
  ask: Asking,
  destination: string,
  fields: readonly OptionField[],
): Promise<string[]> {
  const optional = fields.filter(({ required }) => !required)
  const answers: string[] = []
  for (const field of fields.filter(({ required }) => required))
    answers.push(...(await askFor(ask, destination, field)))
  if (optional.length === 0) return answers
  const choices = optional.map(({ path, schema }) => ({ value: path.at(-1)!, hint: explained(schema) }))
  const chosen = await ask.several('Further options to set', choices)
  for (const field of optional) {
    if (chosen.includes(field.path.at(-1)!)) answers.push(...(await askFor(ask, destination, field)))
  }
  return answers
}

async function askFor(ask: Asking, destination: string, field: OptionField): Promise<string[]> {
  const { schema, path, secret } = field
  const key = path.join('.')
  const message = [key, explained(schema)].filter(Boolean).join(': ')
  if (schema.properties !== undefined) return askForFields(ask, destination, fieldsOf(schema, path, secret))
  if (schema.type === 'object') return askForEntries(ask, destination, field, message)
  if (secret) return [`${key}=${await askForReference(ask, destination, field, message)}`]
  if (Array.isArray(schema.enum))
    return [
      `${key}=${await ask.one(
        message,
        schema.enum.map((value) => ({ value: String(value) })),
      )}`,
    ]
  if (schema.type === 'boolean') return [`${key}=${await ask.yes(message, schema.default === true)}`]
  const asText = (answer: string) =>
    schema.type === 'array' && !answer.startsWith('[') ? `[${answer}]` : answer
  const fault = (answer: string) => optionFault(field, readOption(schema, asText(answer)))
  return [`${key}=${asText(await ask.text(message, fault))}`]
}

/** A mapping: a name and its value, until no name comes. */
async function askForEntries(
  ask: Asking,
  destination: string,
  field: OptionField,
  message: string,
): Promise<string[]> {
  const answers: string[] = []
  const inner = typeof field.schema.additionalProperties === 'object' ? field.schema.additionalProperties : {}
  for (;;) {
    const name = await ask.text(
      `${message} Name of ${answers.length === 0 ? 'the first' : 'the next'} one (none: done)`,
      () => null,
    )
    if (name === '') return answers
    const entry = { ...field, path: [...field.path, name], schema: inner as OptionField['schema'] }
    answers.push(...(await askFor(ask, destination, entry)))
  }
}

const VARIABLE = 'an environment variable'

/** Hidden as it is typed: people paste the secret itself. */
async function askForReference(
  ask: Asking,
  destination: string,
  field: OptionField,
  message: string,
): Promise<string> {
  const kept = await ask.one(`${message} It is a secret: where is it kept?`, [
    { value: VARIABLE },
    { value: 'a file' },
  ])
  if (kept !== VARIABLE) {
    return `\${file:${await ask.hidden('Path of the file, from the project', (path) => (/^[^{}\s]+$/.test(path) ? null : 'A path is needed.'))}}`
  }
  const suggested = suggestedReference(destination, field.path)
  const name = await ask.hidden(`Name of the variable (none: ${suggested.slice(6, -1)})`, (answer) =>
    /^(?:[A-Z_][A-Z0-9_]*)?$/.test(answer) ? null : 'A name in capitals is needed, not the secret.',
  )
  return name === '' ? suggested : `\${env:${name}}`
}

function explained(schema: OptionField['schema']): string {
  return typeof schema.description === 'string' ? schema.description : ''
}

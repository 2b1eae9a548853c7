// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** Checks a value against a JSON Schema and reports each failure at its source location, in a sentence. */
import { createRequire } from 'node:module'
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
import { nearest } from '../../core/did-you-mean.ts'
import type { ProblemList, ProblemReport } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { clearErrors } from './clear-errors.ts'
import type { YamlNode } from './yaml-tree.ts'

export type Schema = Readonly<Record<string, unknown>>
/** Decides whether an error counts, and whether its source line may be shown. */
export type ReportPolicy = (
  error: ErrorObject,
) => 'report' | 'report-secretly' | 'report-and-keep-file' | 'ignore'

/** Each problem costs a search for the nearest known key and a line of text. */
const MAX_PROBLEM_COUNT = 100

let ajv: Ajv | undefined

/** Loads Ajv on demand: texts that the cache knows need no check. */
function validator(): Ajv {
  if (ajv) return ajv
  const { Ajv: Validator } = createRequire(import.meta.url)('ajv') as typeof import('ajv')
  ajv = new Validator({
    allErrors: true,
    verbose: true,
    strict: false,
    allowUnionTypes: true,
    logger: false,
    formats: { uri: (text: string) => URL.canParse(text) },
    // `secret: true` marks an option that should hold a reference.
    keywords: ['secret'],
  })
  return ajv
}

const compiled = new WeakMap<Schema, ValidateFunction>()

const schemaTexts = new WeakMap<Schema, string>()

function textOf(schema: Schema): string {
  let text = schemaTexts.get(schema)
  if (text === undefined) {
    text = JSON.stringify(schema)
    schemaTexts.set(schema, text)
  }
  return text
}

/** Compiled once per schema object. */
function validatorOf(schema: Schema): ValidateFunction {
  let validate = compiled.get(schema)
  if (!validate) {
    validate = validator().compile(schema)
    compiled.set(schema, validate)
  }
  return validate
}

interface CheckedValue {
  readonly source: SourceText
  readonly node: YamlNode
  readonly value: unknown
  /** The JSON pointer of the node in its document, for messages. */
  readonly pointer?: string
}

/** True when nothing was reported. */
export function checkSchema(
  schema: Schema,
  { source, node, value, pointer = '' }: CheckedValue,
  problems: ProblemList,
  policy: ReportPolicy = () => 'report',
): boolean {
  const check = problems.knownGood && `${textOf(schema)}${pointer}`
  if (check && problems.knownGood?.has(check, source.text)) return true
  const validate = validatorOf(schema)
  if (validate(value)) {
    if (check) problems.knownGood?.add(check, source.text)
    return true
  }
  const errors = clearErrors(validate.errors ?? []).filter((error) => policy(error) !== 'ignore')
  for (const error of errors.slice(0, MAX_PROBLEM_COUNT)) {
    const report = describe(error, pointer)
    const verdict = policy(error)
    problems.error(source, offsetOf(error, node), {
      ...report,
      secret: verdict === 'report-secretly',
      keepsFile: verdict === 'report-and-keep-file',
    })
  }
  const more = errors.slice(MAX_PROBLEM_COUNT)
  if (more.length > 0) {
    const message = `${more.length} more problems in this file are not listed`
    const keepsFile = more.every((error) => policy(error) === 'report-and-keep-file')
    problems.file('error', source.file, { code: 'more-problems', message, keepsFile })
  }
  return errors.length === 0
}

/** The error of a value that is in no file; null: the value is valid. */
export function validationError(
  schema: Schema,
  value: unknown,
  policy: ReportPolicy = () => 'report',
): string | null {
  const validate = validatorOf(schema)
  if (validate(value)) return null
  const error = clearErrors(validate.errors ?? []).find((each) => policy(each) !== 'ignore')
  return error ? describe(error, '').message : null
}

/** The node at a JSON pointer; where it leads nowhere, the last node on the way. */
export function nodeAt(root: YamlNode, pointer: string): YamlNode {
  let node = root
  for (const step of steps(pointer)) {
    const next =
      node.kind === 'mapping'
        ? node.entries.get(step)?.value
        : node.kind === 'sequence'
          ? node.items[Number(step)]
          : undefined
    if (!next) return node
    node = next
  }
  return node
}

function steps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function offsetOf(error: ErrorObject, root: YamlNode): number {
  const node = nodeAt(root, error.instancePath)
  if (node.kind === 'mapping') {
    const key = (error.params.additionalProperty ?? error.params.propertyName) as string | undefined
    return (key === undefined ? undefined : node.entries.get(key)?.keyOffset) ?? node.offset
  }
  if (error.keyword === 'uniqueItems' && node.kind === 'sequence') {
    // Ajv names the later of the two as `i` or as `j`, depending on the items.
    const later = Math.max(error.params.i as number, error.params.j as number)
    return node.items[later]?.offset ?? node.offset
  }
  return node.offset
}

const MAX_LISTED = 12

function describe(error: ErrorObject, pointer: string): ProblemReport {
  const at = pointerLabel(pointer + error.instancePath)
  const { params } = error
  const schema = (error.parentSchema ?? {}) as Schema
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(params.additionalProperty as string, at, schema)
    case 'required':
      return { code: 'missing-key', message: `the key ${params.missingProperty} is missing${inside(at)}` }
    case 'type':
      return { code: 'wrong-type', message: `${at || 'this'} must be ${typeText(params.type)}` }
    case 'enum':
      return badChoice(at, error.data, params.allowedValues as unknown[], schema)
    case 'const':
      return {
        code: 'bad-value',
        message: `${at} must be ${JSON.stringify(params.allowedValue)}${beside(error)}`,
      }
    case 'false schema':
      return { code: 'bad-value', message: `${at} is not allowed${beside(error)}` }
    case 'pattern':
    case 'format':
      return {
        code: 'bad-value',
        message: `${at} must be ${formText(schema, params)}`,
        hint: variableHint(error.data),
      }
    case 'not':
      return { code: 'bad-value', message: `${at} may not be ${JSON.stringify(error.data)}` }
    case 'propertyNames':
      return { code: 'bad-value', message: `invalid key "${params.propertyName}"${inside(at)}` }
    case 'uniqueItems':
      return { code: 'duplicate-item', message: `${at} contains the same item twice` }
    case 'oneOf':
      return missingBranch(branchKeys(schema), at)
    case 'anyOf':
      return {
        code: 'at-least-one',
        message: `at least one of ${branchKeys(schema, 'anyOf').join(', ')} is required${inside(at)}`,
      }
    default:
      return { code: 'bad-value', message: `${at || 'this'} ${error.message ?? 'is invalid'}` }
  }
}

/** The form in words if the schema has it, else its pattern. */
function formText(schema: Schema, params: Readonly<Record<string, unknown>>): string {
  if (typeof schema.form === 'string') return schema.form
  return params.format === undefined
    ? `text that matches ${String(params.pattern)}`
    : `a ${params.format as string}`
}

/** Shells and other tools write variables without the scheme. The text may be a secret and is not repeated. */
function variableHint(data: unknown): string | null {
  const isVariable =
    typeof data === 'string' && /^(?:\$\(?[A-Za-z_]\w*\)?|\$\{\w+\}|%\w+%|\{\{.*\}\})$/.test(data)
  return isVariable ? 'write an environment variable as ${env:NAME}' : null
}

function unknownKey(key: string, at: string, schema: Schema): ProblemReport {
  const known = Object.keys((schema.properties ?? {}) as object)
  const near = nearest(key, known)
  const list = known.length > 0 && known.length <= MAX_LISTED ? `known: ${known.join(', ')}` : null
  return {
    code: 'unknown-key',
    message: `unknown key "${key}"${inside(at)}`,
    hint: near ? `did you mean "${near}"?` : list,
  }
}

function badChoice(at: string, data: unknown, allowed: readonly unknown[], schema: Schema): ProblemReport {
  const names = (schema.choices as readonly string[] | undefined) ?? allowed.map(String)
  const near = typeof data === 'string' ? nearest(data, names) : undefined
  return {
    code: 'bad-value',
    message: `${at} must be one of ${names.join(', ')}`,
    hint: near ? `did you mean "${near}"?` : null,
  }
}

interface Branch {
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Branch>>
}

/** `transport.oauth2` for a branch that requires a key within a key. */
function keysOfBranch({ required = [], properties = {} }: Branch): string[] {
  return required.flatMap((key) => {
    const inner = properties[key] ? keysOfBranch(properties[key]) : []
    return inner.length > 0 ? inner.map((name) => `${key}.${name}`) : [key]
  })
}

function branchKeys(schema: Schema, keyword = 'oneOf'): readonly string[] {
  const branches = (schema[keyword] ?? []) as readonly Branch[]
  return branches.flatMap(keysOfBranch)
}

/** A single branch requires a key within a key. */
function missingBranch(keys: readonly string[], at: string): ProblemReport {
  return keys.length === 1
    ? { code: 'missing-key', message: `the key ${keys[0]} is missing${inside(at)}` }
    : { code: 'exactly-one', message: `exactly one of ${keys.join(', ')} is required${inside(at)}` }
}

/** `/Tests/0/Name` -> `Tests[0].Name`, as people write it. */
function pointerLabel(pointer: string): string {
  return steps(pointer).reduce(
    (text, step) => (/^\d+$/.test(step) ? `${text}[${step}]` : text ? `${text}.${step}` : step),
    '',
  )
}

/** Names the key that requires this, if it is the schema of a dependency that failed. */
function beside({ schemaPath }: ErrorObject): string {
  const [, key] = /\/dependencies\/([^/]+)\//.exec(schemaPath) ?? []
  return key === undefined ? '' : ` with ${key}`
}

function inside(at: string): string {
  return at ? ` in ${at}` : ''
}

const TYPE_TEXT: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  null: 'null',
}

function typeText(type: unknown): string {
  const types = Array.isArray(type) ? type : String(type).split(',')
  return types.map((name) => TYPE_TEXT[String(name)] ?? name).join(' or ')
}

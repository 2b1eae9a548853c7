/** Templates of texts and payloads over the fields of an alert: Mustache without partials and lambdas. Pure. */
import Mustache from 'mustache'
import { textOf } from '../../core/exact-json.ts'
import { readableText } from '../../core/readable-text.ts'

/** The fields that a template can name. Keys below the alert context are allowed, too. */
export const TEMPLATE_FIELDS: readonly string[] = [
  'id',
  'createdAt',
  'severity',
  'severityNumber',
  'type',
  'link',
  'title',
  'name',
  'alertId',
  'alertContext',
  'description',
  'runbook',
  'tags',
  'version',
  'reference',
  'destination',
]
const CONTEXT = 'alertContext'

/** A field of a template whose value depends on that of another field. */
export interface FieldMap {
  readonly from: string
  readonly values: Readonly<Record<string, unknown>>
  /** The value where `values` has none. */
  readonly otherwise?: unknown
}

/** `options.template`: a payload is a value whose texts are templates. */
export interface Template {
  readonly title?: string
  readonly body?: string
  readonly payload?: unknown
  readonly map?: Readonly<Record<string, FieldMap>>
}

/** Adds the fields that are computed from others. */
export function withMappedFields(fields: Readonly<Record<string, unknown>>, { map = {} }: Template): object {
  const context = new Mustache.Context(fields)
  const mapped = Object.entries(map).map(([name, { from, values, otherwise = null }]) => {
    const key = [context.lookup(from)]
      .flat()
      .map(textOf)
      .find((text) => Object.hasOwn(values, text))
    return [name, key === undefined ? otherwise : values[key]]
  })
  return { ...fields, ...Object.fromEntries(mapped) }
}

export interface TemplateError {
  readonly message: string
  /** The unknown name, for a hint. */
  readonly name?: string
  readonly offset: number
}

/** Mustache escapes for HTML; here a field is escaped for its provider, and `{{{field}}}` not at all. */
class FieldWriter extends Mustache.Writer {
  readonly #escape: (text: string) => string

  constructor(escapeField: (text: string) => string) {
    super()
    this.#escape = escapeField
  }
  override escapedValue(token: string[], context: Mustache.Context): string {
    return this.#escape(this.unescapedValue(token, context))
  }
  override unescapedValue(token: string[], context: Mustache.Context): string {
    const value: unknown = context.lookup(token[1]!)
    return textOf(value)
  }
}

export function renderText(
  template: string,
  view: object,
  escapeField = (text: string): string => text,
): string {
  return new FieldWriter(escapeField).render(template, view)
}

const ONE_TAG = /^\{\{\s*([\w.]+)\s*\}\}$/

/**
 * Every text of the value rendered, for people to read; one that is a single tag becomes the field itself, whatever its
 * kind.
 */
export function renderValue(template: unknown, view: object): unknown {
  if (typeof template === 'string') {
    const [, name] = ONE_TAG.exec(template) ?? []
    const value = name === undefined ? renderText(template, view) : new Mustache.Context(view).lookup(name)
    return typeof value === 'string' ? readableText(value) : (value ?? null)
  }
  if (Array.isArray(template)) return template.map((item) => renderValue(item, view))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, renderValue(value, view)]))
}

/** [kind, name, start, end, children]; a text's name is the text. */
type Token = readonly [string, string, number, number, (readonly Token[] | string)?]

/** @param mapped the names that `map` adds. */
export function templateErrors(template: string, mapped: readonly string[] = []): TemplateError[] {
  let tokens: readonly Token[]
  try {
    tokens = Mustache.parse(template) as unknown as readonly Token[]
  } catch (error) {
    const [, what = 'unreadable template', at = '0'] = /^(.*) at (\d+)$/.exec((error as Error).message) ?? []
    // Mustache reports an unclosed tag at the end of the text.
    const offset = what === 'Unclosed tag' ? template.lastIndexOf('{{') : Number(at)
    return [{ message: `${what} in a template`, offset }]
  }
  return errorsIn(tokens, [], mapped)
}

/** `sections`: names of those around, outermost first. */
function errorsIn(
  tokens: readonly Token[],
  sections: readonly string[],
  mapped: readonly string[],
): TemplateError[] {
  return tokens.flatMap(([kind, name, offset, , children]) => {
    if (kind === 'text' || kind === '!') return []
    if (kind === '>' || kind === '=') return [{ message: `{{${kind}${name}}} is not supported`, offset }]
    const own =
      mapped.includes(name) || isField(name, sections)
        ? []
        : [{ message: `unknown alert field "${name}"`, name, offset }]
    const inner = Array.isArray(children)
      ? errorsIn(children as readonly Token[], [...sections, name], mapped)
      : []
    return [...own, ...inner]
  })
}

function isField(name: string, sections: readonly string[]): boolean {
  if (name === '.') return sections.length > 0
  return sections.some((section) => section.split('.')[0] === CONTEXT) || isAlertField(name)
}

/** True for the name of a field, and for any path below the alert context. */
export function isAlertField(name: string): boolean {
  const [root = '', ...below] = name.split('.')
  return TEMPLATE_FIELDS.includes(root) && (below.length === 0 || root === CONTEXT)
}

/** The parts of a destination's docs page that come from its code: the table of options, and what it sends. */
import { parse } from 'yaml'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { answersTable } from './answers-table.ts'
import { sampleMessage } from './message.ts'

interface Property {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly secret?: boolean
  readonly description?: string
}

interface DocumentedDestination {
  readonly name: string
  readonly type: string
  readonly options?: Readonly<Record<string, unknown>>
}

/** The destinations of the page's examples. */
export function documented(page: string): DocumentedDestination[] {
  return [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, text = '']) => {
    const { destinations = [] } = (parse(text) ?? {}) as { destinations?: DocumentedDestination[] }
    return destinations
  })
}

const PART = /<!-- (options|answers|sent by ([\w-]+)) -->[\s\S]*?<!-- end -->/g

/** Returns the page with its generated parts up to date. */
export function refreshed(page: string, type: DestinationType): string {
  return page.replace(PART, (_, part: string, name?: string) => {
    const content = generated(part, type, page, name)
    return `<!-- ${part} -->\n${content}\n<!-- end -->`
  })
}

function generated(part: string, type: DestinationType, page: string, name?: string): string {
  if (part === 'options') return optionsTable(type)
  return part === 'answers' ? answersTable(type) : sent(type, page, name!)
}

export function generatedParts(page: string): string[] {
  return [...page.matchAll(PART)].map(([, part]) => part!)
}

function optionsTable({ options }: DestinationType): string {
  const rows = Object.entries(options.properties as Record<string, Property>).map(([name, property]) => {
    const marks = [
      ...(options.required?.includes(name) ? ['required'] : []),
      ...(property.secret ? ['secret'] : []),
      ...(property.default === undefined ? [] : [`default \`${shown(property.default)}\``]),
    ]
    const choices = property.enum
      ? ` One of ${property.enum.map((value) => `\`${shown(value)}\``).join(', ')}.`
      : ''
    const [example] = property.examples ?? []
    const like = example === undefined ? '' : ` Example: \`${shown(example)}\`.`
    return `| \`${name}\` | ${marks.join(', ')} | ${property.description}${choices}${like} |`
  })
  return ['| option | | |', '|---|---|---|', ...rows].join('\n')
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function sent(type: DestinationType, page: string, name: string): string {
  const destination = documented(page).find((each) => each.name === name)
  if (!destination) throw new Error(`the page has no example of a destination called ${name}`)
  const preview = previewRequest(type, sampleMessage(name), destination.options ?? {}, '1.0.0')
  if ('payload' in preview) return payloadText(preview.payload)
  const { method, url, headers, body } = preview
  const head = [
    `${method} ${url}`,
    ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
  ]
  return [fenced('http', head.join('\n')), ...(body ? [bodyText(body)] : [])].join('\n')
}

/** A payload that is one line is shown as it is. */
function payloadText(payload: object): string {
  const { line } = payload as { line?: unknown }
  return typeof line === 'string' ? fenced('', line) : fenced('json', JSON.stringify(payload, null, 2))
}

/** The body as it is sent, but with indented JSON. */
function bodyText(body: string): string {
  try {
    return fenced('json', JSON.stringify(JSON.parse(body), null, 2))
  } catch {
    return fenced('', body)
  }
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

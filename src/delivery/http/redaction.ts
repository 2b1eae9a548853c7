/** Removes secrets: from texts by their values, from options by the schema's `secret` marks. Pure. */
import type { OptionsSchema } from '../../destinations/_destination.ts'
import { isOpenHeader } from './headers.ts'

const MASK = '<secret>'
const REFERENCE = /\$\{(?:env|file):/
/** Shorter literals are not masked: they would hide half of every message. */
const MIN_SECRET_CHARS = 6
/** Shorter parts of a URL or of a key file are ordinary words. */
const MIN_TOKEN_CHARS = 12

interface SchemaNode {
  readonly secret?: boolean
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
  readonly items?: SchemaNode
}

/** Returns a function that masks every value that the schema marks as secret, longest first. */
export function secretRedactor(
  schema: OptionsSchema,
  options: Readonly<Record<string, unknown>>,
): (text: string) => string {
  const found: string[] = []
  mapSecrets(schema as SchemaNode, options, (value) => {
    found.push(value, ...linesOf(value), ...partsOfUrl(value))
    return value
  })
  const values = found.filter((value) => value.length >= MIN_SECRET_CHARS).sort((a, b) => b.length - a.length)
  return (text) => values.reduce((rest, value) => rest.replaceAll(value, MASK), withoutEncoded(text, values))
}

const BASE64 = /[A-Za-z0-9+/_-]{8,}={0,2}/g

/** Some protocols join credentials and encode them as base64, and servers quote those, too. */
function withoutEncoded(text: string, values: readonly string[]): string {
  return text.replace(BASE64, (token) => {
    const decoded = Buffer.from(token, 'base64').toString()
    return values.some((value) => decoded.includes(value)) ? MASK : token
  })
}

/** Servers often quote what they rejected: the values of all other headers are masked, without their scheme. */
export function headerRedactor(headers: Readonly<Record<string, string>>): (text: string) => string {
  const values = Object.entries(headers)
    .filter(([name]) => !isOpenHeader(name))
    .map(([, value]) => value.replace(/^\w+ (?=\S)/, ''))
    .filter((value) => value.length >= MIN_SECRET_CHARS)
  return (text) => values.reduce((rest, value) => rest.replaceAll(value, MASK), text)
}

/** Masks literal values of secret options for output; references stay as they are written. */
export function maskSecrets(
  schema: OptionsSchema,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const masked = mapSecrets(schema as SchemaNode, options, (value) =>
    REFERENCE.test(value) ? value : maskLiteral(value),
  )
  return masked as Readonly<Record<string, unknown>>
}

function maskLiteral(value: string): string {
  const url = URL.parse(value)
  return url?.host ? `${url.protocol}//${url.host}/${MASK}` : MASK
}

/** A server can quote single lines of a key file, whose line breaks are escaped within JSON. */
function linesOf(value: string): string[] {
  const lines = value.split(/\r?\n|\\n/).map((line) => line.trim())
  return lines.length > 1 ? lines.filter((line) => line.length >= MIN_TOKEN_CHARS) : []
}

/** A server can quote the path that it did not find, or a token alone. */
function partsOfUrl(value: string): string[] {
  const url = URL.parse(value)
  if (!url?.host) return []
  const tokens = [...url.pathname.split('/'), ...url.searchParams.values()]
  const long = tokens.filter((part) => part.length >= MIN_TOKEN_CHARS)
  return [url.pathname + url.search, url.pathname, url.password, ...long]
}

function mapSecrets(node: SchemaNode | undefined, value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return node?.secret ? change(value) : value
  if (Array.isArray(value)) {
    return value.map((item) => mapSecrets(inherit(node, node?.items), item, change))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const rest = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined
      return [key, mapSecrets(inherit(node, node?.properties?.[key] ?? rest), item, change)]
    }),
  )
}

/** A mark applies to everything below it. */
function inherit(parent: SchemaNode | undefined, child: SchemaNode | undefined): SchemaNode | undefined {
  return parent?.secret && child?.secret !== false ? { ...child, secret: true } : child
}

/** Recognizes the success of a provider in an answer. Pure. */
import { parseJsonObject, scalarAt, textAt } from '../../core/json-path.ts'
import type { Success } from '../../destinations/_destination.ts'
import type { HttpResponse } from '../../model/ports.ts'
import { describeResponse } from './classify-response.ts'

/** Returns the message of the receipt; undefined: no form matches. */
export function readSuccess(successes: readonly Success[], response: HttpResponse): string | undefined {
  for (const success of successes) {
    const value = matchedValue(success, response)
    if (value === undefined) continue
    return success.receipt
      ? `${response.status}: ${success.receipt(value, response.body)}`
      : describeResponse(response)
  }
  return undefined
}

/** True for a page for people, which comes from a proxy, a portal or a sign-in. */
export function isHtml({ headers, body }: Pick<HttpResponse, 'headers' | 'body'>): boolean {
  const contentType = headers['content-type']
  if (contentType !== undefined && /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType))
    return true
  return /^[\s\uFEFF]*<(?:!doctype html|html|head|body)\b/i.test(body)
}

/**
 * The client cuts long bodies, and providers answer with the whole issue or message: values are then read from the part.
 * Returns the value of the field, element or header, or an empty text; undefined: the form does not match.
 */
function matchedValue(success: Success, response: HttpResponse): string | undefined {
  const { status, headers, body } = response
  if (!(success.status ?? []).includes(status) && !(success.status === undefined && isSuccessful(status))) {
    return undefined
  }
  const contentType = (headers['content-type'] ?? '').trim().toLowerCase()
  if (success.contentType !== undefined) {
    if (!contentType.startsWith(success.contentType.toLowerCase())) return undefined
  } else if (isHtml(response)) return undefined
  if (success.text !== undefined && (body.trim() !== success.text || response.incomplete)) return undefined
  if (success.object && !isJsonObject(body)) return undefined
  if (success.json && !hasValues(body, success.json)) return undefined
  if (success.list !== undefined && !hasList(body, success.list)) return undefined
  if (success.header !== undefined && !headers[success.header]) return undefined
  if (success.element !== undefined) return elementOf(body, success.element) || undefined
  if (success.field !== undefined) return textAt(body, success.field) || undefined
  return success.header === undefined ? '' : headers[success.header]
}

function isSuccessful(status: number): boolean {
  return status >= 200 && status < 300
}

function hasValues(body: string, expected: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(expected).every(([path, value]) => scalarAt(body, path) === value)
}

function isJsonObject(body: string): boolean {
  const value = parseJsonObject(body)
  return value !== undefined && !Array.isArray(value)
}

function hasList(body: string, name: string): boolean {
  const beginning = name ? `^\\s*\\{[\\s\\S]*"${name.replace(/\W/g, '\\$&')}"\\s*:\\s*\\[` : '^\\s*\\['
  return new RegExp(beginning).test(body)
}

function elementOf(body: string, name: string): string {
  return new RegExp(`<${name}>([^<]+)</${name}>`).exec(body)?.[1] ?? ''
}

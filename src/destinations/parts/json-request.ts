/** What requests of many types have in common. */
import type { Outgoing } from '../_destination.ts'

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' }

/** A POST of JSON: `body` is a value, or JSON text as it shall stand. */
export function postJson(
  url: string,
  body: object | string,
  {
    headers = {},
    notes = [],
  }: { headers?: Readonly<Record<string, string>>; notes?: readonly string[] } = {},
): Outgoing {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method: 'POST', url, headers: { ...JSON_HEADERS, ...headers }, body: text, notes }
}

/** A base URL and a path below it, with one slash between. A placeholder of a preview passes. */
export function joinUrl(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`
}

/** JSON of an answer; undefined where it is none. */
export function answerJson(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** A text or number of a JSON answer, as text; empty where there is none. */
export function textIn(answer: Readonly<Record<string, unknown>> | undefined, key: string): string {
  const value = answer?.[key]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

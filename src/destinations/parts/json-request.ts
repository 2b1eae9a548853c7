/** Builds requests and reads responses with JSON. */
import { parseJsonObject } from '../../core/json-path.ts'
import type { Outgoing } from '../_destination.ts'

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' }

/**
 * Builds a POST of JSON.
 * @param body a value, or JSON text, which is sent as it is: give `message.json` so that numbers keep their digits.
 * @param more `headers` beside those of JSON, with lower-case names, and `notes` on what was cut, for the history.
 * @example
 * request: ({ json }, { url, token }) => postJson(url, json, { headers: { authorization: `Bearer ${token}` } })
 */
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

/**
 * Joins a base URL and a path with one slash. A placeholder of a preview is also accepted.
 * @example joinUrl('https://pager.example.com/api/', 'alerts') // 'https://pager.example.com/api/alerts'
 */
export function joinUrl(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`
}

/** Parses a response; returns undefined when it is not a JSON object. */
export function answerJson(body: string): Readonly<Record<string, unknown>> | undefined {
  return parseJsonObject(body) as Readonly<Record<string, unknown>> | undefined
}

/** Returns a text or number of a JSON response as text; empty when there is none. */
export function textIn(answer: Readonly<Record<string, unknown>> | undefined, key: string): string {
  const value = answer?.[key]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** The rule for every status that a destination type says nothing about. Pure. */
import { truncateText } from '../../core/truncate-text.ts'
import type { ProviderError } from '../../destinations/_destination.ts'
import { PermanentError, RetryableError } from '../../errors.ts'
import type { HttpResponse } from '../../model/ports.ts'

const TRANSIENT = new Set([408, 425, 429])
/** With these the destination itself is misconfigured: every other alert would get the same response. */
const MISCONFIGURED = new Set([401, 402, 403, 404, 405, 407, 410])
const MAX_EXCERPT_CHARS = 500
/** A longer wait is shortened to this. */
export const MAX_RETRY_AFTER_MS = 60 * 60_000

/** Throws the failure of a response that is not 2xx. `error` is what the type read from it. */
export function throwByStatus(response: HttpResponse, now: number, error?: ProviderError): never {
  const { status, headers } = response
  const message = error?.text ? `${status}: ${error.text}` : describeResponse(response)
  if (status < 200 || status >= 500 || TRANSIENT.has(status)) {
    const retryAfterMs = error?.retryAfterMs ?? parseRetryAfterMs(headers['retry-after'], now)
    throw new RetryableError(message, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }
  if (status < 400) {
    throw new PermanentError(describeRedirect(response), { status, scope: 'destination' })
  }
  const scope = MISCONFIGURED.has(status) ? 'destination' : 'delivery'
  throw new PermanentError(message, { status, scope })
}

/** Says where the redirect points. Its query may contain a token, so it is left out. */
function describeRedirect({ status, headers }: HttpResponse): string {
  const { location } = headers
  const url = location === undefined ? null : URL.parse(location)
  const target = url ? `${url.origin}${url.pathname}` : location?.replace(/[?#].*$/s, '')
  return target
    ? `${status}: redirects to ${target}, and redirects are not followed`
    : `${status}: redirects are not followed`
}

/** Parses seconds or an HTTP date. The result is undefined if the value is absent, unreadable or not in the future. */
export function parseRetryAfterMs(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined
}

/** The status with the beginning of the body. */
export function describeResponse({ status, body }: HttpResponse): string {
  const excerpt = bodyExcerpt(body)
  return excerpt ? `${status}: ${excerpt}` : String(status)
}

/** The beginning of the body in one line; empty: there is no body. */
export function bodyExcerpt(body: string): string {
  return truncateText(body.replace(/\s+/g, ' ').trim(), MAX_EXCERPT_CHARS)
}

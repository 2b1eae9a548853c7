/** Classifies an HTTP response: returns a receipt, or throws the failure. Pure. */
import type { Receipt } from '../../destinations/_destination.ts'
import { PermanentError, RetryableError } from '../../errors.ts'
import type { HttpResponse } from '../../model/ports.ts'

const TRANSIENT = new Set([408, 425, 429])
/** With these the destination itself is misconfigured: every other alert would get the same response. */
const BROKEN_DESTINATION = new Set([401, 403, 404, 410])
const MAX_EXCERPT_CHARS = 500
/** A longer wait is shortened to this. */
export const MAX_RETRY_AFTER_MS = 60 * 60_000

export function classify(response: HttpResponse, now: number): Receipt {
  const { status } = response
  const message = describe(response)
  if (status >= 200 && status < 300) return { status, message }
  if (status < 200 || status >= 500 || TRANSIENT.has(status)) {
    const retryAfterMs = parseRetryAfterMs(response.headers['retry-after'], now)
    throw new RetryableError(message, { status, retryAfterMs })
  }
  if (BROKEN_DESTINATION.has(status)) throw new PermanentError(message, { status, scope: 'destination' })
  if (status < 400) throw new PermanentError(`${status}: redirects are not followed`, { status })
  throw new PermanentError(message, { status })
}

/** Parses seconds or an HTTP date. The result is undefined if the value is absent, unreadable or not in the future. */
export function parseRetryAfterMs(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined
}

function describe({ status, body }: HttpResponse): string {
  const text = body.replace(/\s+/g, ' ').trim()
  if (!text) return String(status)
  return `${status}: ${text.length > MAX_EXCERPT_CHARS ? `${text.slice(0, MAX_EXCERPT_CHARS)}...` : text}`
}

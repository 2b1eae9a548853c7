/** The one HTTP client: bounded in time and bytes; no retries, no redirects. Its errors name scheme and host, never more. */
import { Agent, request as undiciRequest } from 'undici'
import { PermanentError, RetryableError } from '../errors.ts'
import type { HttpClient, HttpRequest, HttpResponse } from '../model/ports.ts'

export interface HttpLimits {
  readonly connectTimeoutMs: number
  /** From the call to the last byte. */
  readonly totalTimeoutMs: number
  readonly maxBodyBytes: number
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  connectTimeoutMs: 10_000,
  totalTimeoutMs: 30_000,
  maxBodyBytes: 64 * 1024,
}

export function createHttpClient(limits: HttpLimits): HttpClient & { close(): Promise<void> } {
  const agent = new Agent({
    connect: { timeout: limits.connectTimeoutMs },
    headersTimeout: limits.totalTimeoutMs,
    bodyTimeout: limits.totalTimeoutMs,
  })

  async function send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const url = parseUrl(request.url)
    // Not AbortSignal.timeout: its timer would outlive every quick answer.
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), limits.totalTimeoutMs)
    try {
      const answer = await undiciRequest(url, {
        dispatcher: agent,
        signal: AbortSignal.any([signal, timeout.signal]),
        method: request.method,
        headers: withCredentials(request.headers, url),
        body: request.body,
      })
      const body = await readBounded(answer.body, limits.maxBodyBytes)
      return { status: answer.statusCode, headers: flatten(answer.headers), ...body }
    } catch (error) {
      if (timeout.signal.aborted) throw failure(url, `no answer within ${limits.totalTimeoutMs} ms`, error)
      if (signal.aborted) throw failure(url, 'interrupted', error)
      throw failure(url, explain(error), error)
    } finally {
      clearTimeout(timer)
    }
  }

  return { send, close: () => agent.destroy() }
}

function parseUrl(text: string): URL {
  // No cause: Node's own error carries the whole text.
  const url = URL.parse(text)
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new PermanentError('the URL is not a valid http or https URL', { scope: 'destination' })
}

/** undici drops `user:password@`; as in every other client it means basic authentication. */
function withCredentials(headers: Readonly<Record<string, string>>, url: URL): Record<string, string> {
  if (!url.username && !url.password) return { ...headers }
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, ...headers }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

/** The status is the answer; a body that breaks off is kept as far as it came, and marked. */
async function readBounded(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Pick<HttpResponse, 'body' | 'incomplete'>> {
  const chunks: Buffer[] = []
  let size = 0
  let incomplete = false
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      // Leaving the loop destroys the stream, and with it an endless answer.
      if (size >= maxBytes) break
    }
  } catch {
    incomplete = true
  }
  const text = Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8')
  return incomplete ? { body: text, incomplete } : { body: text }
}

const PLAIN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve at present',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_SOCKET: 'connection closed before the answer',
}

function explain(error: unknown): string {
  const code = codeOf(error)
  return PLAIN[code] ? `${PLAIN[code]} (${code})` : code
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

function failure(url: URL, what: string, error: unknown): RetryableError | PermanentError {
  const message = `${url.protocol}//${url.host}: ${what}`
  // The original may hold the URL, header values or the answer's bytes: only its code is kept.
  const cause = new Error(codeOf(error))
  if (codeOf(error) === 'UND_ERR_INVALID_ARG') {
    const refused = `${url.protocol}//${url.host}: a header of the request is not valid`
    return new PermanentError(refused, { scope: 'destination', cause })
  }
  return new RetryableError(message, { cause })
}

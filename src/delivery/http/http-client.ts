/** The HTTP client of deliveries. Time and bytes are bounded, and it does not retry. */
import { type Dispatcher, request as undiciRequest } from 'undici'
import { basicAuth } from '../../core/basic-auth.ts'
import { wireBody } from '../../core/wire-body.ts'
import { PermanentError } from '../../errors.ts'
import {
  type Clock,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
  systemClock,
  type Transport,
} from '../../model/ports.ts'
import { createConnections } from './connections.ts'
import { openHeaders } from './headers.ts'
import { httpFailure, retryableFailure } from './http-failure.ts'
import { assertPublicHost } from './private-address.ts'

interface HttpLimits {
  readonly connectTimeoutMs: number
  /** The time from the call to the last byte. */
  readonly totalTimeoutMs: number
  readonly maxBodyBytes: number
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  connectTimeoutMs: 10_000,
  totalTimeoutMs: 30_000,
  maxBodyBytes: 64 * 1024,
}

const MAX_REDIRECTS = 3
/** These statuses ask for the same request to another URL. */
const REPEATING = new Set([307, 308])

/** @param clock measures only the total timeout. */
export function createHttpClient(
  limits: HttpLimits,
  clock: Clock = systemClock,
): HttpClient & { close(): Promise<void> } {
  const connections = createConnections(limits)

  async function once(request: HttpRequest, url: URL, transport: Transport, signal: AbortSignal) {
    if (transport.publicOnly) assertPublicHost(url)
    const answer = await undiciRequest(url, {
      dispatcher: connections.to(transport),
      signal,
      method: request.method as Dispatcher.HttpMethod,
      headers: withCredentials(request.headers, url),
      body: wireBody(request),
    })
    const body = await readBounded(answer.body, limits.maxBodyBytes)
    return { status: answer.statusCode, headers: flatten(answer.headers), ...body }
  }

  async function send(
    request: HttpRequest,
    signal: AbortSignal,
    transport: Transport = {},
  ): Promise<HttpResponse> {
    let url = parseUrl(request.url)
    let next = request
    const timeoutMs = Math.min(transport.timeoutMs ?? limits.totalTimeoutMs, limits.totalTimeoutMs)
    const timeout = new AbortController()
    const ended = new AbortController()
    void clock.sleep(timeoutMs, ended.signal).then(() => {
      if (!ended.signal.aborted) timeout.abort()
    })
    const either = AbortSignal.any([signal, timeout.signal])
    try {
      for (let redirects = 0; ; redirects++) {
        const response = await once(next, url, transport, either)
        const target = transport.followRedirects ? redirection(response, url) : null
        if (target === null || redirects === MAX_REDIRECTS) return response
        const leaves = target.origin !== url.origin
        if (leaves && transport.keepsOrigin) return response
        if (leaves) next = { ...next, headers: openHeaders(next.headers) }
        url = target
      }
    } catch (error) {
      if (timeout.signal.aborted)
        throw retryableFailure(url, `no answer within ${timeoutMs} ms`, error, transport.proxy)
      if (signal.aborted) throw retryableFailure(url, 'interrupted', error)
      throw httpFailure(url, error, transport.proxy)
    } finally {
      // The default reason would be an Error with a stack, for every request.
      ended.abort('ended')
    }
  }

  return { send, close: () => connections.close() }
}

function parseUrl(text: string): URL {
  // There is no cause, because Node's own error contains the whole text.
  const url = URL.parse(text)
  if (url && isWeb(url)) return url
  throw new PermanentError('the URL is not a valid http or https URL', { scope: 'destination' })
}

function isWeb({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}

/** The URL of a redirect that repeats the request; never from https to http. */
function redirection({ status, headers }: HttpResponse, from: URL): URL | null {
  const target = REPEATING.has(status) && headers.location ? URL.parse(headers.location, from.href) : null
  if (!target || !isWeb(target)) return null
  return from.protocol === 'https:' && target.protocol === 'http:' ? null : target
}

/** undici drops `user:password@`. Here it means basic authentication, as in other clients. */
function withCredentials(headers: Readonly<Record<string, string>>, url: URL): Record<string, string> {
  if (!url.username && !url.password) return { ...headers }
  const authorization = basicAuth(decodeURIComponent(url.username), decodeURIComponent(url.password))
  return { authorization, ...headers }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

/** Reads a bounded body. An incomplete body is kept as far as it came, and marked: the status counts. */
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
      // Leaving the loop destroys the stream, which ends an endless response.
      if (size >= maxBytes) break
    }
  } catch {
    incomplete = true
  }
  const text = Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8')
  return incomplete ? { body: text, incomplete } : { body: text }
}

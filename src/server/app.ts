/** One listening address: health, metrics, and the posts that sources take. It decides nothing about events. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Log, PostEndpoint } from '../model/ports.ts'
import { Admission, type AdmittedRequest } from './admission.ts'
import { type Authority, admit, authorize, type Verdict } from './auth.ts'
import type { ExposedMetrics } from './metrics.ts'
import { MAX_HEADER_BYTES, onClientError, onError, onExpectation, refusal, send } from './refusals.ts'

export interface ServerOptions {
  readonly log: Log
  /** Read anew for every request, so that a rotated token counts at once. */
  readonly token?: () => string | null
  /** Names under which a proxy on this machine forwards to an address without a token. */
  readonly names?: readonly string[]
  readonly metrics: Pick<ExposedMetrics, 'text' | 'contentType'>
  readonly ready: () => { readonly ok: boolean; readonly reasons: readonly string[] }
  /** Bytes of one body. */
  readonly bodyBytes: number
}

/** A request that was let in. */
interface AdmittedPost {
  readonly admitted: AdmittedRequest
  /** Aborted when its connection closes. */
  readonly closed: AbortController
  isHandled: boolean
}

export interface App {
  readonly fastify: FastifyInstance
  readonly posts: Map<string, PostEndpoint>
}

const MAX_CONCURRENT_REQUESTS = 256
/** Bodies under way, in multiples of the largest. */
const MAX_CONCURRENT_BODIES = 8
const FULL = refusal(429, 'too much is under way: send again', { headers: { 'retry-after': '1' } })
const READ_PATHS = ['/healthz', '/readyz', '/metrics']

export function createApp(host: string, options: ServerOptions): App {
  const fastify = Fastify({
    logger: false,
    bodyLimit: options.bodyBytes,
    // Against clients that send a byte at a time: headers within 10 s, the whole request within 60 s.
    requestTimeout: 60_000,
    keepAliveTimeout: 30_000,
    http: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: MAX_HEADER_BYTES,
      requireHostHeader: false,
    },
    forceCloseConnections: 'idle',
    clientErrorHandler: onClientError,
    frameworkErrors: (error, request, reply) => void onError(options)(error, request, reply),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  fastify.server.on('checkExpectation', onExpectation)
  const app: App = { fastify, posts: new Map() }
  const authority = (): Authority => {
    const { token, names = [] } = options
    return { host, token: token?.() ?? null, names }
  }
  fastify.addHook('onRequest', async (request, reply) => {
    // Bodies stay bytes: their content type is often wrong or malformed, and framing finds out what they are.
    request.raw.headers['content-type'] = 'application/octet-stream'
    // Node would answer this with an empty body.
    const isUnnamed = request.headers.host === undefined && request.raw.httpVersion !== '1.0'
    if (isUnnamed) return send(reply, refusal(400, 'the Host header is missing'))
    const verdict = admit(authority(), request.headers)
    return verdict === 'ok' ? undefined : send(reply, refused(verdict))
  })
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  answerHealth(app, options)
  answerPosts(app, authority, options)
  answerTheRest(app, options)
  return app
}

function answerHealth({ fastify }: App, { ready, metrics }: ServerOptions): void {
  fastify.get('/healthz', async () => ({ ok: true }))
  fastify.get('/readyz', async (_request, reply) => {
    const { ok, reasons } = ready()
    return reply.code(ok ? 200 : 503).send({ ok, reasons })
  })
  fastify.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  )
}

function answerPosts(
  { fastify, posts }: App,
  authority: () => Authority,
  { bodyBytes }: ServerOptions,
): void {
  const admission = new Admission({
    requests: MAX_CONCURRENT_REQUESTS,
    bytes: MAX_CONCURRENT_BODIES * bodyBytes,
  })
  const places = new WeakMap<FastifyRequest, AdmittedPost>()

  /** Before the body is read: who may post, and whether there is room. */
  const enter = async (request: FastifyRequest, reply: FastifyReply) => {
    const endpoint = posts.get(pathOf(request))
    if (!endpoint) return reply.callNotFound()
    const verdict = authorize(authority(), request.headers)
    if (verdict !== 'ok') return send(reply, refused(verdict))
    const later = endpoint.refusal?.(request.ip) ?? null
    if (later !== null) return send(reply, later)
    const admitted = admission.tryAcquire(request.ip, expectedBytes(request, bodyBytes))
    if (admitted === null) return send(reply, FULL)
    const place: AdmittedPost = { admitted, closed: new AbortController(), isHandled: false }
    places.set(request, place)
    // A client that goes away gives its place back, unless its events are being taken.
    reply.raw.once('close', () => {
      place.closed.abort()
      if (!place.isHandled) admitted.release()
    })
    return undefined
  }

  fastify.post('/*', { onRequest: enter }, async (request, reply) => {
    const place = places.get(request)!
    place.isHandled = true
    try {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const { ip: client } = request
      const { admitted, closed } = place
      const reserve = (bytes: number) => admitted.grow(bytes)
      const inbound = { headers: textHeaders(request), body, client, signal: closed.signal, reserve }
      return await send(reply, await posts.get(pathOf(request))!.handle(inbound))
    } finally {
      place.admitted.release()
    }
  })
}

function refused({ status, error }: Exclude<Verdict, 'ok'>) {
  return refusal(status, error, status === 401 ? { headers: { 'www-authenticate': 'Bearer' } } : {})
}

function answerTheRest({ fastify, posts }: App, options: ServerOptions): void {
  fastify.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allow = READ_PATHS.includes(path) ? 'GET, HEAD' : posts.has(path) ? 'POST' : null
    if (allow !== null) {
      const error = `${request.method} is not answered here: ${allow}`
      return send(reply, refusal(405, error, { headers: { allow } }))
    }
    const known = [
      ...[...posts.keys()].map((post) => `POST ${post}`),
      ...READ_PATHS.map((read) => `GET ${read}`),
    ]
    return send(reply, refusal(404, `there is nothing at ${path}`, { known }))
  })
  fastify.setErrorHandler(onError(options))
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!
}

/** What the body may take in memory; a compressed or chunked one may take all that is allowed. */
function expectedBytes({ headers }: FastifyRequest, bodyBytes: number): number {
  const length = headers['content-encoding'] ? Number.NaN : Number(headers['content-length'])
  return Number.isNaN(length) ? bodyBytes : Math.min(length, bodyBytes)
}

function textHeaders({ headers }: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

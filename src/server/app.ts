/** One listening address: health, metrics, and the posts that sources take. It decides nothing about events. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { messageOf } from '../errors.ts'
import type { Log, OutboundResponse, PostEndpoint } from '../model/ports.ts'
import { Admission } from './admission.ts'
import { authorise } from './authority.ts'
import type { ExposedMetrics } from './metrics.ts'

export interface ServerOptions {
  readonly log: Log
  /** Read anew for every request, so that a rotated token counts at once. */
  readonly token?: () => string | null
  readonly metrics: Pick<ExposedMetrics, 'text' | 'contentType'>
  readonly ready: () => { readonly ok: boolean; readonly reasons: readonly string[] }
  /** Bytes of one body. */
  readonly bodyBytes: number
}

/** A request that was let in. */
interface Place {
  readonly leave: () => void
  /** Aborted when its connection closes. */
  readonly closed: AbortController
  isHandled: boolean
}

export interface App {
  readonly fastify: FastifyInstance
  readonly posts: Map<string, PostEndpoint>
}

const REQUESTS_UNDER_WAY = 256
/** Bodies under way, in multiples of the largest. */
const BODIES_UNDER_WAY = 8
const FULL: OutboundResponse = {
  status: 429,
  headers: { 'retry-after': '1' },
  body: { accepted: 0, rejected: [], error: 'too much is under way: send again' },
}
const READ_PATHS = ['/healthz', '/readyz', '/metrics']

export function createApp(host: string, options: ServerOptions): App {
  const fastify = Fastify({
    logger: false,
    bodyLimit: options.bodyBytes,
    // Against clients that send a byte at a time: headers within 10 s, the whole request within 60 s.
    requestTimeout: 60_000,
    keepAliveTimeout: 30_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 5_000, maxHeaderSize: 16 * 1024 },
    forceCloseConnections: 'idle',
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  const app: App = { fastify, posts: new Map() }
  // Bodies stay bytes: their content type is often wrong, and framing tells what they are.
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  answerHealth(app, options)
  answerPosts(app, host, options)
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

function answerPosts({ fastify, posts }: App, host: string, options: ServerOptions): void {
  const { bodyBytes } = options
  const admission = new Admission({ requests: REQUESTS_UNDER_WAY, bytes: BODIES_UNDER_WAY * bodyBytes })
  const places = new WeakMap<FastifyRequest, Place>()

  /** Before the body is read: who may post, and whether there is room. */
  const admit = async (request: FastifyRequest, reply: FastifyReply) => {
    const endpoint = posts.get(pathOf(request))
    if (!endpoint) return reply.callNotFound()
    const verdict = authorise(host, options.token?.() ?? null, request.headers)
    if (verdict !== 'ok') {
      if (verdict.status === 401) reply.header('www-authenticate', 'Bearer')
      return reply.code(verdict.status).send({ error: verdict.error })
    }
    const refusal = endpoint.refusal?.(request.ip) ?? null
    if (refusal !== null) return send(reply, refusal)
    const leave = admission.enter(request.ip, expectedBytes(request, bodyBytes))
    if (leave === null) return send(reply, FULL)
    const place = { leave, closed: new AbortController(), isHandled: false }
    places.set(request, place)
    // A client that goes away gives its place back, unless its events are being taken.
    reply.raw.once('close', () => {
      place.closed.abort()
      if (!place.isHandled) leave()
    })
    return undefined
  }

  fastify.post('/*', { onRequest: admit }, async (request, reply) => {
    const place = places.get(request)!
    place.isHandled = true
    try {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const { ip: client } = request
      const { signal } = place.closed
      const endpoint = posts.get(pathOf(request))!
      return await send(reply, await endpoint.handle({ headers: textHeaders(request), body, client, signal }))
    } finally {
      place.leave()
    }
  })
}

function send(reply: FastifyReply, { status, headers = {}, body }: OutboundResponse): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}

function answerTheRest({ fastify, posts }: App, { log, bodyBytes }: ServerOptions): void {
  fastify.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allow = READ_PATHS.includes(path) ? 'GET, HEAD' : posts.has(path) ? 'POST' : null
    if (allow !== null) {
      return reply
        .code(405)
        .header('allow', allow)
        .send({ error: `${request.method} is not answered here: ${allow}` })
    }
    const known = [
      ...[...posts.keys()].map((post) => `POST ${post}`),
      ...READ_PATHS.map((read) => `GET ${read}`),
    ]
    return reply.code(404).send({ error: `there is nothing at ${path}`, known })
  })
  fastify.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error)
    if (status === 413) {
      return reply.code(413).send({ error: `the body is larger than ${bodyBytes} bytes: send fewer events` })
    }
    if (status < 500) return reply.code(status).send({ error: messageOf(error) })
    log.error({ error }, 'a request could not be answered')
    return reply.code(status).send({ error: 'internal error' })
  })
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 600 ? status : 500
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

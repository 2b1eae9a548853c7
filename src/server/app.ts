/** One listening address: health, metrics, and the posts of sources. It decides nothing about events. */
import type { IncomingMessage } from 'node:http'
import type { TlsOptions } from 'node:tls'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Clock, type Log, type PostEndpoint, systemClock } from '../model/ports.ts'
import { type Access, type AccessRules, createAccess, NO_RULES } from './access/access.ts'
import { admit, authorizePost, type Verdict } from './access/posts.ts'
import { Admission, type AdmittedRequest } from './admission.ts'
import type { ExposedMetrics } from './metrics.ts'
import { MAX_HEADER_BYTES, onClientError, onError, onExpectation, refusal, send } from './refusals.ts'
import type { StoreAbsence } from './store-absence.ts'

export interface ServerOptions {
  readonly log: Log
  /** Reads the token for every request, so that a rotated token is valid immediately. */
  readonly token?: () => string | null
  /** Returns the tokens and proxies of the project that is active now. */
  readonly rules?: () => AccessRules
  /** Returns what the connections are encrypted with; null: they are not. A reload changes it. */
  readonly tls?: () => ServerTls | null
  /** The default is that of the machine. */
  readonly clock?: Pick<Clock, 'now'>
  /** Further routes, each with its own parsers and errors. */
  readonly parts?: readonly ServerPart[]
  /** The only address that has the parts; null: all have them. */
  readonly partsAt?: { readonly host: string; readonly port: number } | null
  /** It is called with the URL of each address that has the parts, when it is open. */
  readonly onPartsOpened?: (url: string) => void
  /** Names under which a proxy on this machine forwards to an address without a token. */
  readonly names?: readonly string[]
  readonly metrics: Pick<ExposedMetrics, 'text' | 'contentType'>
  readonly ready: () => { readonly ok: boolean; readonly reasons: readonly string[] }
  /** The maximum bytes of one body. */
  readonly bodyBytes: number
  readonly absence?: StoreAbsence
}

/** PEM texts. */
export interface ServerTls {
  readonly cert: Buffer
  readonly key: Buffer
  /** The authorities of the certificates that clients must show; null: clients need none. */
  readonly clientCa: Buffer | null
}

/** Adds routes to a part of the server. The part authorizes its requests by `access` itself. */
export type ServerPart = (scope: FastifyInstance, access: Access) => void | Promise<void>

/** A post that was admitted. */
interface AdmittedPost {
  readonly admitted: AdmittedRequest
  /** It aborts when the connection closes. */
  readonly closed: AbortController
  isHandled: boolean
}

/** The content types as they were sent. */
type ContentTypes = WeakMap<IncomingMessage, string | undefined>

export interface App {
  readonly fastify: FastifyInstance
  readonly posts: Map<string, PostEndpoint>
}

const MAX_CONCURRENT_REQUESTS = 256
/** The bytes of all bodies under way, as a multiple of the largest body. */
const MAX_CONCURRENT_BODIES = 8
const FULL = refusal(429, 'too many requests are under way: send it again', {
  headers: { 'retry-after': '1' },
})
const UNAVAILABLE = refusal(503, 'the store cannot be reached: send it again', {
  headers: { 'retry-after': '5' },
})
const READ_PATHS = ['/healthz', '/readyz', '/metrics']

/** It limits a part of a path before its escapes are decoded. The API refuses ids of more than 256 characters itself. */
const MAX_PARAM_CHARS = 4_096

const TLS_HANDSHAKE_TIMEOUT_MS = 10_000

export function tlsOptions({ cert, key, clientCa }: ServerTls): TlsOptions {
  const ofClients = clientCa && { ca: clientCa, requestCert: true, rejectUnauthorized: true }
  return { cert, key, minVersion: 'TLSv1.2', ...ofClients }
}

export function createApp(host: string, options: ServerOptions): App {
  const tls = options.tls?.() ?? null
  const http = {
    headersTimeout: 10_000,
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false,
  }
  const https = tls && { ...http, ...tlsOptions(tls), handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS }
  // The types of Fastify distinguish both kinds of server, which the routes need not do.
  const fastify: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: options.bodyBytes,
    // The default is 100, and ids of detections and alerts can be longer.
    routerOptions: { maxParamLength: MAX_PARAM_CHARS },
    // These timeouts end clients that send a byte at a time: headers within 10 s, the whole request within 60 s.
    requestTimeout: 60_000,
    keepAliveTimeout: 30_000,
    http,
    ...(https && ({ https } as object)),
    forceCloseConnections: 'idle',
    clientErrorHandler: onClientError,
    frameworkErrors: (error, request, reply) => void onError(options)(error, request, reply),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  fastify.server.on('checkExpectation', onExpectation)
  const access = createAccess({
    host,
    rules: options.rules ?? (() => NO_RULES),
    ingestToken: () => options.token?.() ?? null,
    now: () => (options.clock ?? systemClock).now(),
  })
  fastify.addHook('onRequest', async (request, reply) => {
    // Without this check Node would respond with an empty body.
    const isUnnamed = request.headers.host === undefined && request.raw.httpVersion !== '1.0'
    return isUnnamed ? send(reply, refusal(400, 'the Host header is missing')) : undefined
  })
  const posts: App['posts'] = new Map()
  fastify.register(async (scope) => answerProgram({ fastify: scope, posts }, host, access, options))
  for (const part of options.parts ?? []) fastify.register(async (scope) => part(scope, access))
  return { fastify, posts }
}

/** The routes of programs: health, metrics and the posts of sources. */
function answerProgram(app: App, host: string, access: Access, options: ServerOptions): void {
  const { fastify } = app
  const authority = () => {
    return { host, needsToken: access.needsIngestToken, names: options.names ?? [] }
  }
  const contentTypes: ContentTypes = new WeakMap()
  fastify.addHook('onRequest', async (request, reply) => {
    contentTypes.set(request.raw, request.raw.headers['content-type'])
    // Bodies stay bytes: their content type is often wrong or malformed, so that only their source considers it.
    request.raw.headers['content-type'] = 'application/octet-stream'
    const verdict = admit(authority(), request.headers)
    return verdict === 'ok' ? undefined : send(reply, verdictResponse(verdict))
  })
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  answerHealth(app, options)
  answerPosts(app, (request) => authorizePost(access, authority(), request), contentTypes, options)
  answerUnknown(app, options)
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
  authorize: (request: FastifyRequest) => Verdict,
  contentTypes: ContentTypes,
  { bodyBytes, absence }: ServerOptions,
): void {
  const admission = new Admission({
    requests: MAX_CONCURRENT_REQUESTS,
    bytes: MAX_CONCURRENT_BODIES * bodyBytes,
  })
  const admittedPosts = new WeakMap<FastifyRequest, AdmittedPost>()

  /** Authorizes and admits a post before its body is read. */
  const admitPost = async (request: FastifyRequest, reply: FastifyReply) => {
    const endpoint = posts.get(pathOf(request))
    if (!endpoint) return reply.callNotFound()
    const verdict = authorize(request)
    if (verdict !== 'ok') return send(reply, verdictResponse(verdict))
    if ((absence?.lastingReason ?? null) !== null) return send(reply, UNAVAILABLE)
    const refused = endpoint.refusal?.(request.ip) ?? null
    if (refused !== null) return send(reply, refused)
    const admitted = admission.tryAcquire(request.ip, expectedBytes(request, bodyBytes))
    if (admitted === null) return send(reply, FULL)
    const post: AdmittedPost = { admitted, closed: new AbortController(), isHandled: false }
    admittedPosts.set(request, post)
    // If the client disconnects, its reservation is released, unless its events are being processed.
    reply.raw.once('close', () => {
      // The reason of an abort is an Error with a stack, so nothing is aborted after a complete response.
      if (!reply.raw.writableFinished) post.closed.abort()
      if (!post.isHandled) admitted.release()
    })
    return undefined
  }

  fastify.post('/*', { onRequest: admitPost }, async (request, reply) => {
    const post = admittedPosts.get(request)!
    post.isHandled = true
    try {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const { ip: client } = request
      const { admitted, closed } = post
      const reserve = (bytes: number) => admitted.grow(bytes)
      const headers = { ...textHeaders(request), 'content-type': contentTypes.get(request.raw) }
      const inbound = { headers, body, client, signal: closed.signal, reserve }
      const handled = posts.get(pathOf(request))!.handle(inbound)
      const answer = absence === undefined ? await handled : await absence.orAbsence(handled)
      if (answer !== null) return await send(reply, answer)
      // What waits is not evaluated any more: the client sends it again.
      closed.abort()
      return await send(reply, UNAVAILABLE)
    } finally {
      post.admitted.release()
    }
  })
}

function verdictResponse({ status, error }: Exclude<Verdict, 'ok'>) {
  return refusal(status, error, status === 401 ? { headers: { 'www-authenticate': 'Bearer' } } : {})
}

function answerUnknown({ fastify, posts }: App, options: ServerOptions): void {
  fastify.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allow = READ_PATHS.includes(path) ? 'GET, HEAD' : posts.has(path) ? 'POST' : null
    if (allow !== null) {
      const error = `${request.method} is not allowed here: use ${allow}`
      return send(reply, refusal(405, error, { headers: { allow } }))
    }
    const known = [
      ...[...posts.keys()].map((path) => `POST ${path}`),
      ...READ_PATHS.map((read) => `GET ${read}`),
    ]
    return send(reply, refusal(404, `${path} not found`, { known }))
  })
  fastify.setErrorHandler(onError(options))
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!
}

/** The memory that the body may need. A compressed or chunked body may need the maximum. */
function expectedBytes({ headers }: FastifyRequest, bodyBytes: number): number {
  const length = headers['content-encoding'] ? Number.NaN : Number(headers['content-length'])
  return Number.isNaN(length) ? bodyBytes : Math.min(length, bodyBytes)
}

function textHeaders({ headers }: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

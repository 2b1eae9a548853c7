/** The console: server-rendered pages for the person on call. It is a part of the server and authorizes each request itself. */
import cookie from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isError, messageOf } from '../../errors.ts'
import type { Log } from '../../model/ports.ts'
import type { Access } from '../access/access.ts'
import { addActRoutes } from './act-routes.ts'
import { type Asset, readAssets } from './assets.ts'
import type { ConsolePorts } from './console-ports.ts'
import { addPageRoutes } from './page-routes.ts'
import { MAX_FORM_BYTES } from './request-form.ts'
import { ConsoleRequests } from './requests.ts'
import { addSessionRoutes } from './session-routes.ts'

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}
/** The name of an asset changes with its content. */
const ASSET_CACHING = 'public, max-age=31536000, immutable'

export interface ConsoleOptions {
  readonly log: Log
  readonly ports: ConsolePorts
}

/** Returns the part of the server. Each address has its own, with its own sessions. */
export function createConsole({ log, ports }: ConsoleOptions) {
  const assets = readAssets()
  return async (scope: FastifyInstance, access: Access): Promise<void> => {
    await scope.register(cookie)
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: MAX_FORM_BYTES },
      (_request, body, done) => done(null, body),
    )
    scope.addHook('onRequest', async (_request, reply) => {
      reply.headers(HEADERS)
    })
    const requests = new ConsoleRequests(ports, access, assets)
    scope.setErrorHandler((error, request, reply) => respondToError(error, request, reply, requests, log))
    for (const asset of [assets.style, assets.script])
      scope.get(asset.path, (_request, reply) => sendAsset(reply, asset))
    addSessionRoutes(scope, requests, access)
    addPageRoutes(scope, requests, ports)
    addActRoutes(scope, requests, ports)
  }
}

function sendAsset(reply: FastifyReply, { type, body }: Asset): FastifyReply {
  return reply.header('cache-control', ASSET_CACHING).type(type).send(body)
}

function respondToError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  requests: ConsoleRequests,
  log: Log,
): FastifyReply {
  const status = statusOf(error)
  if (status < 500 || status === 503) return requests.sendError(request, reply, status, messageOf(error))
  log.error({ error }, 'a page of the console failed')
  return requests.sendFailure(request, reply)
}

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'unknown-id': 404,
  'inaccessible-store': 503,
  'lost-store': 503,
}

function statusOf(error: unknown): number {
  if (isError(error, 'user')) return STATUS_OF_CODE[error.code ?? ''] ?? 422
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500
  return typeof error.statusCode === 'number' ? error.statusCode : 500
}

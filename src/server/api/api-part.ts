/** The part of the server under `/api/v1`: access, limits, parsing of bodies, errors, and the OpenAPI document. */
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import { Ajv } from 'ajv'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../../model/ports.ts'
import type { Access } from '../access/access.ts'
import { addAlertRoutes } from './alert-routes.ts'
import type { ApiPorts } from './api-ports.ts'
import { problemHandler, sendProblem } from './api-problems.ts'
import { PREFIX } from './api-resources.ts'
import { addRoute } from './api-route.ts'
import { SHARED_SCHEMAS } from './api-schemas.ts'
import type { Streams } from './change-stream.ts'
import { addProjectRoutes } from './project-routes.ts'
import { addSilenceRoutes } from './silence-routes.ts'
import { SILENCE_SHARED_SCHEMAS } from './silence-schemas.ts'
import { addStream } from './stream-route.ts'

const MAX_BODY_BYTES = 64 * 1024
/** A token may send 20 requests a second on average, and 100 at once. */
const RATE = { max: 100, timeWindow: 5_000 }

const OPENAPI = {
  openapi: '3.1.0',
  info: { title: 'Signalbox', version: '1', description: 'Alerts, their deliveries and destinations.' },
  components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
  security: [{ token: [] as string[] }],
}

interface ApiOptions {
  readonly ports: ApiPorts
  readonly streams: Streams
  readonly log: Log
  /** The reason for which the store cannot be reached for some time already; null: it can be. */
  readonly away?: () => string | null
}

/** Adds the routes of the API to a scope of the server that has no others. */
export async function addApi(root: FastifyInstance, access: Access, options: ApiOptions): Promise<void> {
  await root.register(
    async (scope) => {
      setUpParsing(scope)
      scope.setErrorHandler(problemHandler(options.log))
      for (const schema of [...SHARED_SCHEMAS, ...SILENCE_SHARED_SCHEMAS]) scope.addSchema(schema)
      await scope.register(swagger, {
        openapi: OPENAPI,
        refResolver: {
          buildLocalReference: (json, _base, _fragment, i) =>
            typeof json.$id === 'string' ? json.$id : `def-${i}`,
        },
      })
      // Each route authorizes its requests before this limit counts them.
      await scope.register(rateLimit, {
        ...RATE,
        hook: 'preParsing',
        keyGenerator: (request) => request.caller?.name ?? request.ip,
      })
      scope.decorateRequest('caller', null)
      scope.addHook('preHandler', async (_request, reply) => {
        if ((options.away?.() ?? null) === null) return undefined
        reply.header('retry-after', '5')
        const title = 'the store cannot be reached'
        return sendProblem(reply, {
          status: 503,
          code: 'inaccessible-store',
          title,
          hint: 'send the request again',
        })
      })
      addAlertRoutes(scope, access, options.ports)
      addProjectRoutes(scope, access, options.ports)
      addSilenceRoutes(scope, access, options.ports)
      addStream(scope, access, options.streams)
      addRoute(scope, access, {
        method: 'GET',
        url: '/openapi.json',
        role: 'viewer',
        summary: 'This document',
        handle: async () => scope.swagger(),
      })
      scope.all('/*', { schema: { hide: true } }, (request, reply) =>
        sendProblem(reply, {
          status: 404,
          code: 'unknown-path',
          title: `${request.method} is not possible at this path`,
          hint: `read ${PREFIX}/openapi.json`,
        }),
      )
    },
    { prefix: PREFIX },
  )
}

/** Bodies are JSON and small. Texts of the query become numbers and lists; values of bodies are taken as they are. */
function setUpParsing(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
    scope.getDefaultJsonParser('error', 'error'),
  )
  const formats = { 'date-time': isTime }
  const strict = new Ajv({ formats, schemas: [...SILENCE_SHARED_SCHEMAS] })
  const ofTexts = new Ajv({ formats, coerceTypes: 'array', useDefaults: true })
  scope.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'querystring' ? ofTexts : strict).compile(schema as object),
  )
}

function isTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
}

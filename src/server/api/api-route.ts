/** Adds a route: who may call it, what it takes, and how it answers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Role } from '../../model/project/api-settings.ts'
import type { Access, Caller } from '../access/access.ts'
import { ApiProblem, sendProblem } from './api-problems.ts'
import { Problem, WriteHeaders } from './api-schemas.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
  }
}

interface Call<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly caller: Caller
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

interface Route<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly role: Role
  readonly summary: string
  readonly params?: P
  readonly query?: Q
  /** A request without a body has an empty one. */
  readonly body?: B
  /** The form of the answer, which leaves out what it does not name; absent: any. */
  readonly answer?: TSchema
  readonly handle: (call: Call<Static<P>, Static<Q>, Static<B>>) => Promise<unknown>
}

export function addRoute<P extends TSchema, Q extends TSchema, B extends TSchema>(
  scope: FastifyInstance,
  access: Access,
  { method, url, role, summary, params, query, body, answer, handle }: Route<P, Q, B>,
): void {
  const problem = { description: 'A problem.', content: { 'application/problem+json': { schema: Problem } } }
  scope.route({
    method,
    url,
    schema: {
      summary,
      description: `Needs the role \`${role}\`.`,
      operationId: operationOf(method, url),
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body, headers: WriteHeaders }),
      response: { ...(answer && { 200: answer }), '4xx': problem },
    },
    onRequest: async (request, reply) => {
      const authorization = access.authorize(request, role)
      if ('caller' in authorization) {
        request.caller = authorization.caller
        reply.header('cache-control', 'no-store')
        return undefined
      }
      const { status, error: title, hint } = authorization.refusal
      if (status === 401) reply.header('www-authenticate', 'Bearer')
      const code = status === 401 ? 'missing-token' : 'missing-role'
      return sendProblem(reply, { status, code, title, hint })
    },
    preValidation: async (request) => {
      if (body && request.body === undefined) request.body = {}
    },
    handler: async (request, reply) =>
      handle({
        params: request.params as Static<P>,
        query: request.query as Static<Q>,
        body: request.body as Static<B>,
        caller: request.caller!,
        request,
        reply,
      }),
  })
}

/** The id of an operation is the method and the words of the path. */
function operationOf(method: string, url: string): string {
  const words = url.split(/[^a-zA-Z]+/).filter((word) => word !== '')
  return [method.toLowerCase(), ...words.map((word) => word[0]!.toUpperCase() + word.slice(1))].join('')
}

/** @throws ApiProblem with 404. */
export function unknown(what: string, id: string): never {
  throw new ApiProblem({ status: 404, code: `unknown-${what}`, title: `${what} not found: ${id}` })
}

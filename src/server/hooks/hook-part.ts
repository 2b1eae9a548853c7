/** The part of the server under `/hooks`: limits and answers. The signature alone authorizes a request. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../model/ports.ts'

const MAX_BODY_BYTES = 256 * 1024
/** An address may send 20 requests a second on average, and 100 at once. */
const RATE = { max: 100, timeWindow: 5_000 }

export interface HookAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> | null
}

interface HookPartOptions {
  readonly log: Log
  /** Resolves with null if no hook of this name is configured. */
  readonly receive: (name: string, request: HookPost) => Promise<HookAnswer | null>
  readonly onFailed: (name: string, why: 'limited' | 'malformed' | 'failed') => void
  /** Resolves with null when the store cannot be reached for longer. */
  readonly orAbsence: <T>(work: Promise<T>) => Promise<T | null>
}

export interface HookPost {
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The bytes as they were sent. */
  readonly body: Buffer
}

export async function addHooks(root: FastifyInstance, options: HookPartOptions): Promise<void> {
  const nameOf = (params: unknown) => (params as { name: string }).name
  await root.register(
    async (scope) => {
      scope.removeAllContentTypeParsers()
      const asBytes = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const
      scope.addContentTypeParser('*', asBytes, (_request, body, done) => done(null, body))
      await scope.register(rateLimit, {
        ...RATE,
        keyGenerator: ({ ip, params }) => `${nameOf(params)} ${ip}`,
        onExceeded: ({ params }) => options.onFailed(nameOf(params), 'limited'),
      })
      scope.setErrorHandler((error: Error & { statusCode?: number }, { params }, reply) => {
        const { statusCode = 500 } = error
        if (statusCode === 429) return fail(reply, 429, 'too many requests')
        if (statusCode < 500) {
          options.onFailed(nameOf(params), 'malformed')
          return fail(reply, statusCode, messageOf(error))
        }
        options.onFailed(nameOf(params), 'failed')
        options.log.error({ error: messageOf(error) }, 'a request of a hook failed')
        // The provider sends it again.
        return fail(reply, 500, 'internal error')
      })
      scope.post('/:name', async ({ params, headers, body }, reply) => {
        const texts = Object.entries(headers).map(([key, value]) => [
          key,
          Array.isArray(value) ? value.join(', ') : value,
        ])
        const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
        const received = options.receive(nameOf(params), { headers: Object.fromEntries(texts), body: bytes })
        const answer = await options.orAbsence(received.then((value) => ({ value })))
        if (answer === null) {
          options.onFailed(nameOf(params), 'failed')
          return fail(reply.header('retry-after', '5'), 503, 'the store cannot be reached: send it again')
        }
        if (answer.value === null) return fail(reply, 404, 'no such hook is configured')
        const { status, body: content } = answer.value
        return content === null ? reply.code(status).send() : reply.code(status).send(content)
      })
    },
    { prefix: '/hooks' },
  )
}

function fail(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.code(status).send({ error })
}

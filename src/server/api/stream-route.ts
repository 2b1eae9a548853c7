/** The route of the stream of changes. */
import type { FastifyInstance } from 'fastify'
import type { Access } from '../access/access.ts'
import { ApiProblem } from './api-problems.ts'
import { addRoute } from './api-route.ts'
import { MAX_STREAMS, type Streams } from './change-stream.ts'

export function addStream(scope: FastifyInstance, access: Access, streams: Streams): void {
  addRoute(scope, access, {
    method: 'GET',
    url: '/stream',
    role: 'viewer',
    summary: 'Follow the changes of alerts, destinations and detections as server-sent events',
    handle: async ({ request, reply }) => {
      if (streams.isFull)
        throw new ApiProblem({
          status: 503,
          code: 'too-many-streams',
          title: `there are ${MAX_STREAMS} streams already`,
        })
      const last = request.headers['last-event-id']
      if (last !== undefined && !/^\d{1,15}$/.test(String(last)))
        throw new ApiProblem({ status: 422, code: 'invalid-request', title: 'Last-Event-ID is not a number' })
      const isPermitted = () => !('refusal' in access.authorize(request, 'viewer'))
      await streams.open(reply, last === undefined ? null : Number(last), isPermitted)
      return reply
    },
  })
}

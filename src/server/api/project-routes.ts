/** The routes of deliveries, destinations and detections, of the caller and of the numbers. */
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { destinationKey } from '../../model/project/destination.ts'
import { UNDELIVERED_STATES } from '../../store/store.ts'
import type { Access } from '../access/access.ts'
import type { ApiPorts } from './api-ports.ts'
import { ApiProblem } from './api-problems.ts'
import { deliveryResource, destinationResource, iso } from './api-resources.ts'
import { addRoute, unknown } from './api-route.ts'
import { BODIES, Delivery, DeliveryQuery, Destination, Detection, IdParams, Me } from './api-schemas.ts'
import { isCarriedOut, OncePerKey, requestIdOf } from './request-once.ts'

const Done = Type.Object({ done: Type.Boolean() })

export function addProjectRoutes(scope: FastifyInstance, access: Access, ports: ApiPorts): void {
  addReads(scope, access, ports)
  addActs(scope, access, ports)
}

function addReads(
  scope: FastifyInstance,
  access: Access,
  { store, detections, destinations, version }: ApiPorts,
): void {
  const get = { method: 'GET', role: 'viewer' } as const
  addRoute(scope, access, {
    ...get,
    url: '/deliveries',
    summary: 'List the newest deliveries',
    query: DeliveryQuery,
    answer: Type.Object({ deliveries: Type.Array(Delivery) }),
    handle: async ({ query: { limit = 50, state: states, destination } }) => {
      const rows = await store.deliveries({
        limit,
        ...(states && { states }),
        ...(destination && { destination }),
      })
      return { deliveries: rows.map((row) => deliveryResource(row)) }
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/destinations',
    summary: 'List the destinations with their health',
    answer: Type.Object({ destinations: Type.Array(Destination) }),
    handle: async () => {
      const backlog = await store.backlog()
      const rows = destinations().map(async (destination) => {
        const { value } = await store.destinationState(destinationKey(destination))
        return destinationResource(destination, value, backlog, store.now())
      })
      return { destinations: await Promise.all(rows) }
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/detections',
    summary: 'List the detections',
    answer: Type.Object({ detections: Type.Array(Detection) }),
    handle: async () => {
      const all = [...detections().values()]
      const { limiters } = await store.read({ groups: [], limiters: all.map(({ id }) => id), seen: [] })
      const mutedSince = (id: string) => {
        const mutedAt = limiters.get(id)?.value.mutedAt ?? null
        return mutedAt === null ? null : iso(mutedAt)
      }
      return {
        detections: all.map(({ id, enabled, severity, logTypes, tags }) => {
          return { id, enabled, severity, logTypes, tags, mutedSince: mutedSince(id) }
        }),
      }
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/stats',
    summary: 'Show the number of deliveries that have not arrived, by state',
    answer: Type.Object({ version: Type.String(), deliveries: Type.Record(Type.String(), Type.Integer()) }),
    handle: async () => {
      const counts = await store.countDeliveries(UNDELIVERED_STATES)
      return {
        version,
        deliveries: Object.fromEntries(UNDELIVERED_STATES.map((state) => [state, counts[state]])),
      }
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/me',
    summary: 'Show who makes the request',
    answer: Me,
    handle: async ({ caller: { name, role, by } }) => ({ name, role, by }),
  })
}

function addActs(
  scope: FastifyInstance,
  access: Access,
  { store, acts, detections, destinations }: ApiPorts,
): void {
  const once = new OncePerKey()
  const post = { method: 'POST', role: 'operator', params: IdParams, body: BODIES.nothing } as const
  const destinationOf = (name: string) =>
    destinations().find((each) => each.name === name || each.id === name) ?? unknown('destination', name)
  const refuse = (code: string, title: string): never => {
    throw new ApiProblem({ status: 409, code, title })
  }
  addRoute(scope, access, {
    ...post,
    url: '/deliveries/:id/retry',
    summary: 'Retry a dead, orphaned or waiting delivery',
    answer: Done,
    handle: async ({ params: { id }, caller, request }) => {
      const requestId = requestIdOf(request, caller)
      const actor = { name: caller.name, via: 'api', requestId }
      const isRetried = await once.run(requestId, async () => acts.retry(id, actor))
      if (!isRetried) refuse('not-retryable', 'there is no dead, orphaned or waiting delivery with this id')
      return { done: true }
    },
  })
  addRoute(scope, access, {
    ...post,
    url: '/destinations/:id/resume',
    summary: 'End the pause or the wait of a destination',
    answer: Done,
    handle: async ({ params, caller, request }) => {
      const destination = destinationOf(params.id)
      const requestId = requestIdOf(request, caller)
      return once.run(requestId, async () => {
        if (await isCarriedOut(store, requestId, { kind: 'destination', id: destinationKey(destination) }))
          return { done: true }
        const isResumed = await acts.resume(destination.name, { name: caller.name, via: 'api', requestId })
        if (!isResumed) refuse('not-paused', `${destination.name} is neither paused nor held`)
        return { done: true }
      })
    },
  })
  addRoute(scope, access, {
    ...post,
    url: '/destinations/:id/test',
    summary: 'Send the test alert to a destination',
    answer: Type.Object({
      delivered: Type.Boolean(),
      status: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
      message: Type.String(),
      durationMs: Type.Integer(),
    }),
    handle: async ({ params, caller, request }) => {
      const { name } = destinationOf(params.id)
      const requestId = requestIdOf(request, caller)
      return once.run(requestId, async () => acts.test(name, { name: caller.name, via: 'api', requestId }))
    },
  })
  addRoute(scope, access, {
    ...post,
    url: '/detections/:id/unmute',
    summary: 'Let a muted detection create alerts again',
    answer: Done,
    handle: async ({ params: { id }, caller, request }) => {
      if (!detections().has(id)) unknown('detection', id)
      const requestId = requestIdOf(request, caller)
      return once.run(requestId, async () => {
        if (await isCarriedOut(store, requestId, { kind: 'detection', id })) return { done: true }
        const isUnmuted = await acts.unmute(id, { name: caller.name, via: 'api', requestId })
        if (!isUnmuted) refuse('not-muted', `${id} is not muted`)
        return { done: true }
      })
    },
  })
}

/** The routes of silences, and the table of routes. */
import type { FastifyInstance } from 'fastify'
import type { Access } from '../access/access.ts'
import type { ApiPorts, ListedSilence } from './api-ports.ts'
import { alertResource, iso } from './api-resources.ts'
import { addRoute, unknown } from './api-route.ts'
import { BODIES, IdParams } from './api-schemas.ts'
import { OncePerKey, requestIdOf } from './request-once.ts'
import {
  RouteList,
  SILENCE_BODIES,
  Silence,
  SilenceList,
  SilenceListQuery,
  SilencePreview,
} from './silence-schemas.ts'

const MAX_PREVIEWED = 100

export function addSilenceRoutes(scope: FastifyInstance, access: Access, ports: ApiPorts): void {
  addReads(scope, access, ports)
  addActs(scope, access, ports)
}

function addReads(scope: FastifyInstance, access: Access, { silences, routes, store }: ApiPorts): void {
  const get = { method: 'GET', role: 'viewer' } as const
  addRoute(scope, access, {
    ...get,
    url: '/silences',
    summary: 'List the silences of the file and of the store with what they hid',
    query: SilenceListQuery,
    answer: SilenceList,
    handle: async ({ query: { ended = 0 } }) => {
      const listed = await silences.list(Math.max(0, store.now() - ended * 1_000))
      return { silences: listed.map(silenceResource) }
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/silences/:id',
    summary: 'Show a silence, also one that has ended',
    params: IdParams,
    answer: Silence,
    handle: async ({ params: { id } }) =>
      silenceResource((await silences.find(id)) ?? unknown('silence', id)),
  })
  addRoute(scope, access, {
    ...get,
    url: '/routes',
    summary: 'List where each detection goes at each severity',
    answer: RouteList,
    handle: async () => {
      const { rows, silent } = routes()
      return {
        routes: rows.map(({ detection, logTypes, severity, route, evidence }) => ({
          detection,
          logTypes,
          severity,
          level: route?.level ?? null,
          destinations: route?.destinations ?? [],
          suppressed: route?.suppressed ?? false,
          evidence,
        })),
        silent,
      }
    },
  })
}

function addActs(scope: FastifyInstance, access: Access, { silences }: ApiPorts): void {
  const once = new OncePerKey()
  const post = { method: 'POST', role: 'operator' } as const
  addRoute(scope, access, {
    ...post,
    url: '/silences',
    summary: 'Add a silence to the store; it is in force at once',
    body: SILENCE_BODIES.add,
    answer: Silence,
    handle: async ({ body, caller, request }) => {
      const requestId = requestIdOf(request, caller)
      const { for: seconds, except = null, destinations = null, owner = caller.name, ...rest } = body
      const wanted = { everything: false, critical: false, ...rest, except, destinations, owner }
      const actor = { name: caller.name, via: 'api', requestId }
      const id = await once.run(requestId, async () => silences.add(wanted, seconds * 1_000, actor))
      return silenceResource((await silences.find(id)) ?? unknown('silence', id))
    },
  })
  for (const verb of ['expire', 'extend'] as const)
    addRoute(scope, access, {
      ...post,
      url: `/silences/:id/${verb}`,
      summary:
        verb === 'expire' ? 'End a silence of the store now' : 'Move the end of a silence of the store',
      params: IdParams,
      body: verb === 'expire' ? BODIES.nothing : SILENCE_BODIES.extend,
      answer: Silence,
      handle: async ({ params: { id }, body, caller, request }) => {
        const requestId = requestIdOf(request, caller)
        const actor = { name: caller.name, via: 'api', requestId }
        await once.run(requestId, async () =>
          'for' in body ? silences.extend(id, Number(body.for) * 1_000, actor) : silences.expire(id, actor),
        )
        return silenceResource((await silences.find(id)) ?? unknown('silence', id))
      },
    })
  addRoute(scope, access, {
    ...post,
    url: '/silences/preview',
    summary: 'Show which stored alerts a silence would have hidden',
    body: SILENCE_BODIES.preview,
    answer: SilencePreview,
    handle: async ({ body: { match, except = null, since } }) => {
      const sinceMs = since === undefined ? undefined : since * 1_000
      const { looked, hidden } = await silences.preview({ match, except }, sinceMs)
      const alerts = hidden.slice(0, MAX_PREVIEWED).map((alert) => alertResource(alert))
      return { looked, hidden: hidden.length, alerts }
    },
  })
}

function silenceResource({ silence, lastAt, ...listed }: ListedSilence) {
  const { from, until, ...rest } = silence
  return {
    ...rest,
    ...listed,
    from: from === null ? null : iso(from),
    until: iso(until),
    lastAt: lastAt === null ? null : iso(lastAt),
  }
}

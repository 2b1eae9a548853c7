/** The routes of alerts: lists, one alert with its history and deliveries, and the acts of people. */
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { AlertRow } from '../../store/store.ts'
import type { Access } from '../access/access.ts'
import type { ApiAct, ApiPorts } from './api-ports.ts'
import { ApiProblem } from './api-problems.ts'
import { alertResource, auditResource, deliveryResource } from './api-resources.ts'
import { addRoute, unknown } from './api-route.ts'
import {
  Alert,
  AlertList,
  AlertListQuery,
  AlertQueryString,
  AuditQuery,
  AuditRow,
  BODIES,
  Delivery,
  IdParams,
  MAX_PAGE_ALERTS,
} from './api-schemas.ts'
import { cursorOf, placeOf } from './page-cursors.ts'
import { isCarriedOut, OncePerKey, requestIdOf } from './request-once.ts'

const VERBS = ['acknowledge', 'resolve', 'reopen', 'comment', 'assign'] as const

export function addAlertRoutes(scope: FastifyInstance, access: Access, ports: ApiPorts): void {
  addAlertReads(scope, access, ports)
  addAlertActs(scope, access, ports)
}

function addAlertReads(scope: FastifyInstance, access: Access, { store }: ApiPorts): void {
  const get = { method: 'GET', role: 'viewer' } as const
  const find = async (id: string): Promise<AlertRow> => (await store.alert(id)) ?? unknown('alert', id)
  addRoute(scope, access, {
    ...get,
    url: '/alerts',
    summary: 'List and search alerts, the newest first',
    query: AlertListQuery,
    answer: AlertList,
    handle: async ({ query }) => {
      const { limit = 50, q, status, severity, since, until, cursor, ...filter } = query
      const { alerts, next } = await store.findAlerts({
        ...filter,
        limit,
        ...(q !== undefined && { text: q }),
        ...(status !== undefined && { statuses: status }),
        ...(severity !== undefined && { severities: severity }),
        ...(since !== undefined && { since: Math.ceil(Date.parse(since)) }),
        ...(until !== undefined && { until: Math.ceil(Date.parse(until)) }),
        ...(cursor !== undefined && { before: placeOf(cursor)! }),
      })
      return { alerts: alerts.map((alert) => alertResource(alert)), next: cursorOf(next) }
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/alerts/:id',
    summary: 'Show an alert',
    params: IdParams,
    query: AlertQueryString,
    answer: Alert,
    handle: async ({ params: { id }, query, reply }) => {
      const alert = await find(id)
      reply.header('etag', `"${alert.status.version}"`)
      return alertResource(alert, query.include === 'notification')
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/alerts/:id/audit',
    summary: 'List the history of an alert, the oldest row first',
    params: IdParams,
    query: AuditQuery,
    answer: Type.Object({ audit: Type.Array(AuditRow) }),
    handle: async ({ params: { id }, query: { limit = 50, after } }) => {
      await find(id)
      const rows = await store.audit({
        subject: { kind: 'alert', id },
        limit,
        ...(after !== undefined && { after }),
      })
      return { audit: rows.map(auditResource) }
    },
  })
  addRoute(scope, access, {
    ...get,
    url: '/alerts/:id/deliveries',
    summary: 'List the newest deliveries of an alert with their attempts',
    params: IdParams,
    answer: Type.Object({ deliveries: Type.Array(Delivery) }),
    handle: async ({ params: { id } }) => {
      await find(id)
      const rows = await store.deliveries({ alertId: id, limit: MAX_PAGE_ALERTS })
      return {
        deliveries: await Promise.all(
          rows.map(async (row) => deliveryResource(row, await store.attempts(row.id))),
        ),
      }
    },
  })
}

function addAlertActs(scope: FastifyInstance, access: Access, { store, acts }: ApiPorts): void {
  const once = new OncePerKey()
  for (const verb of VERBS) {
    addRoute(scope, access, {
      method: 'POST',
      role: 'operator',
      url: `/alerts/:id/${verb}`,
      summary: `${verb[0]!.toUpperCase()}${verb.slice(1)} an alert`,
      params: IdParams,
      body: BODIES[verb],
      answer: Alert,
      handle: async ({ params: { id }, body, caller, request, reply }) => {
        const requestId = requestIdOf(request, caller)
        const ifMatch = request.headers['if-match']
        const version = ifMatch === undefined ? undefined : Number(ifMatch.slice(1, -1))
        const act = { note: '', ...(body as object), verb } as ApiAct
        const actor = { name: caller.name, via: 'api', requestId }
        await once.run(requestId, async () => {
          if (await isCarriedOut(store, requestId, { kind: 'alert', id })) return
          const { result } = await acts.change(id, act, actor, version)
          if (result === 'late') throw LATE
        })
        const alert = (await store.alert(id)) ?? unknown('alert', id)
        reply.header('etag', `"${alert.status.version}"`)
        return alertResource(alert)
      },
    })
  }
  addRoute(scope, access, {
    method: 'POST',
    role: 'operator',
    url: '/alerts/:id/resend',
    summary: 'Send an alert again, to the destinations of its route or to named ones',
    params: IdParams,
    body: BODIES.resend,
    answer: Type.Object({ to: Type.Array(Type.String()), skipped: Type.Array(Type.String()) }),
    handle: async ({ params: { id }, body, caller, request }) => {
      const requestId = requestIdOf(request, caller)
      return once.run(requestId, async () => {
        if (await isCarriedOut(store, requestId, { kind: 'alert', id })) return { to: [], skipped: [] }
        return acts.resend(id, body.destinations ?? [], { name: caller.name, via: 'api', requestId })
      })
    },
  })
}

const LATE = new ApiProblem({
  status: 409,
  code: 'resolved-alert',
  title: 'the alert is resolved already, so the acknowledgement is recorded as a comment',
  hint: 'reopen the alert first',
})

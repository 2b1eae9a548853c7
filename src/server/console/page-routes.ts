/** The pages of the console: what each of them reads. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { UserError } from '../../errors.ts'
import { destinationKey } from '../../model/project/destination.ts'
import type { Detection } from '../../model/project/detection.ts'
import { type DeliveryRow, UNDELIVERED_STATES } from '../../store/store.ts'
import type { ConsolePorts } from './console-ports.ts'
import type { AlertDetail } from './pages/alert-detail.ts'
import { filtersOf, queryOf } from './pages/alert-filters.ts'
import { alertPage } from './pages/alert-page.ts'
import { alertsPage } from './pages/alerts-page.ts'
import { DELIVERIES_LIMIT, deliveriesPage, deliveryFiltersOf, statesOf } from './pages/deliveries-page.ts'
import { type DestinationDetail, destinationsPage } from './pages/destinations-page.ts'
import { detectionPage, detectionsPage } from './pages/detections-page.ts'
import { keysPage } from './pages/keys-page.ts'
import { overviewPage } from './pages/overview-page.ts'
import { routesPage } from './pages/routes-page.ts'
import { silencesPage } from './pages/silences-page.ts'
import type { ConsoleRequests } from './requests.ts'

const MAX_DELIVERIES_SHOWN = 200
const MAX_AUDIT_SHOWN = 500
const MAX_DETECTIONS_SHOWN = 100
const OPEN_ALERTS_READ = 6

/** The path at which a page follows the changes. */
const LIVE_PATH = '/live'

export function addPageRoutes(scope: FastifyInstance, requests: ConsoleRequests, ports: ConsolePorts): void {
  scope.get(
    LIVE_PATH,
    requests.data(async (request, reply) => {
      if (ports.streams.isFull) return reply.code(503).send()
      await ports.streams.open(reply, null, () => requests.isVisitor(request))
      return reply
    }),
  )

  scope.get(
    '/',
    requests.page(async (context) => {
      const [statistics, { alerts }, counts, destinations] = await Promise.all([
        ports.statistics(),
        ports.store.findAlerts({ statuses: ['open'], limit: OPEN_ALERTS_READ }),
        ports.store.countDeliveries(UNDELIVERED_STATES),
        destinationDetails(ports),
      ])
      const paused = destinations.filter(
        ({ destination, state }) => destination.enabled && state.pausedAt !== null,
      )
      const running = [...ports.detections().values()].filter(({ enabled }) => enabled)
      return overviewPage(
        {
          statistics,
          open: alerts,
          counts,
          paused: paused.map(({ destination }) => destination.name),
          detections: running.length,
        },
        context,
      )
    }),
  )

  scope.get(
    '/alerts',
    requests.page(async (context, request) => {
      const filters = filtersOf(parametersOf(request))
      return alertsPage(await ports.store.findAlerts(queryOf(filters, context.now)), filters, context)
    }),
  )

  scope.get(
    '/alerts/:id',
    requests.page(async (context, request) =>
      alertPage(await alertDetail(ports, idOf(request)), null, context),
    ),
  )

  scope.get(
    '/deliveries',
    requests.page(async (context, request) => {
      const filters = deliveryFiltersOf(parametersOf(request))
      const { destination } = filters
      const deliveries = await ports.store.deliveries({
        states: statesOf(filters),
        ...(destination !== '' && { destination }),
        limit: DELIVERIES_LIMIT,
      })
      const names = ports.registry().destinations.map(({ name }) => name)
      return deliveriesPage(deliveries, filters, names, context)
    }),
  )

  scope.get(
    '/destinations',
    requests.page(async (context) => destinationsPage(await destinationDetails(ports), context)),
  )

  scope.get(
    '/detections',
    requests.page(async (context, request) => {
      const q = (parametersOf(request).get('q') ?? '').trim().slice(0, 200)
      const found = [...ports.detections().values()].filter((detection) =>
        isFound(detection, q.toLowerCase()),
      )
      const shown = found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, MAX_DETECTIONS_SHOWN)
      const facts = await ports.detectionFacts(shown.map(({ id }) => id))
      const details = shown.map((detection) => ({ detection, facts: facts.get(detection.id)! }))
      return detectionsPage({ details, q, total: found.length }, context)
    }),
  )

  scope.get(
    '/detections/:id',
    requests.page(async (context, request) => {
      const id = idOf(request)
      const detection = ports.detections().get(id)
      if (!detection) throw new UserError(`detection not found: ${id}`, { code: 'unknown-id' })
      const facts = (await ports.detectionFacts([id])).get(id)!
      return detectionPage({ detection, facts }, ports.testNames(id), context)
    }),
  )

  scope.get(
    '/silences',
    requests.page(async (context) => silencesPage(await ports.silences(), null, context)),
  )

  scope.get(
    '/routes',
    requests.page(async () => routesPage(ports.routes(), ports.registry())),
  )

  scope.get(
    '/keys',
    requests.page(async () => keysPage()),
  )
}

/** Rejects with a UserError if there is no such alert. */
export async function alertDetail({ store, registry }: ConsolePorts, id: string): Promise<AlertDetail> {
  const alert = await store.alert(id)
  if (!alert) throw new UserError(`alert not found: ${id}`, { code: 'unknown-id' })
  const rows = await store.deliveries({ alertId: id, limit: MAX_DELIVERIES_SHOWN })
  const [deliveries, handling, audit] = await Promise.all([
    Promise.all(rows.map(async (row) => ({ ...row, history: await store.attempts(row.id) }))),
    store.handling(id),
    store.audit({ subject: { kind: 'alert', id }, limit: MAX_AUDIT_SHOWN }),
  ])
  const recipients = registry().destinations.filter(({ enabled }) => enabled)
  return { alert, deliveries, handling, audit, recipients: recipients.map(({ name }) => name) }
}

async function destinationDetails({
  store,
  registry,
  pauseHint,
  newestDelivered,
}: ConsolePorts): Promise<DestinationDetail[]> {
  const { destinations, fallback } = registry()
  const [open, delivered] = await Promise.all([store.backlog(), newestDelivered()])
  return Promise.all(
    destinations.map(async (destination) => {
      const key = destinationKey(destination)
      const backlog = { waiting: 0, scheduled: 0, dead: 0 }
      for (const { destinationKey: of, status, count } of open)
        if (of === key) backlog[status === 'scheduled' || status === 'dead' ? status : 'waiting'] += count
      const { value: state } = await store.destinationState(key)
      return {
        destination,
        isFallback: fallback.includes(destination.name),
        state,
        backlog,
        lastDeliveredAt: await lastAttemptAt(store, delivered.get(key)),
        pauseHint: pauseHint(destination.name),
      }
    }),
  )
}

async function lastAttemptAt(
  store: ConsolePorts['store'],
  delivery: DeliveryRow | undefined,
): Promise<number | null> {
  if (!delivery) return null
  return (await store.attempts(delivery.id)).at(-1)?.at ?? delivery.createdAt
}

function isFound({ id, displayName, tags, logTypes }: Detection, text: string): boolean {
  return [id, displayName, ...tags, ...logTypes].some((each) => each.toLowerCase().includes(text))
}

export function idOf({ params }: FastifyRequest): string {
  return typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : ''
}

export function parametersOf({ url }: FastifyRequest): URLSearchParams {
  const [, query = ''] = url.split('?', 2)
  return new URLSearchParams(query)
}

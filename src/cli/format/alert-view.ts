/** Formats alerts and deliveries as a table, with all details, and as JSON. Pure. */
import { formatRoute, routeTarget } from '../../reporters/parts/route-trace.ts'
import { counted, escapeForTerminal, type Style } from '../../reporters/parts/terminal-text.ts'
import type { AlertRow, Attempt, DeliveryRow, DestinationState, Divergence } from '../../store/store.ts'
import { shortId } from '../command/ids.ts'
import { formatTime, table } from './table.ts'

interface DeliveryWithHistory extends DeliveryRow {
  readonly history: readonly Attempt[]
}

export function alertsTable(alerts: readonly AlertRow[], style: Style): string {
  if (alerts.length === 0) return 'no alerts\n'
  const rows = alerts.map((alert) => [
    shortId(alert.id),
    formatTime(alert.createdAt),
    alert.severity,
    alert.detection,
    alert.title,
    String(alert.events),
    routeTarget(alert.route),
  ])
  return table(['ID', 'CREATED', 'SEVERITY', 'DETECTION', 'TITLE', 'EVENTS', 'ROUTE'], rows, style)
}

export function alertJson(alert: AlertRow) {
  const { id, detection, kind, severity, title, dedup, createdAt, events, lastEventAt, logTypes, route } =
    alert
  const { level, destinations, suppressed } = route
  return {
    id,
    detection,
    kind,
    severity,
    title,
    dedup,
    createdAt: iso(createdAt),
    events,
    lastEventAt: iso(lastEventAt),
    logTypes,
    route: { level, destinations, suppressed },
  }
}

export function alertDetails(
  alert: AlertRow,
  deliveries: readonly DeliveryWithHistory[],
  format: 'pretty' | 'json',
  style: Style,
): string {
  return format === 'json' ? detailsJson(alert, deliveries) : detailsText(alert, deliveries, style)
}

/** The notification's own text is inserted unchanged, so that numbers keep their digits. */
function detailsJson(alert: AlertRow, deliveries: readonly DeliveryWithHistory[]): string {
  const rest = JSON.stringify({
    ...alertJson(alert),
    reference: alert.reference,
    route: alert.route,
    divergences: alert.divergences.map((divergence) => ({ ...divergence, at: iso(divergence.at) })),
    deliveries: deliveries.map((delivery) => ({
      ...deliveryJson(delivery),
      history: delivery.history.map((attempt) => ({ ...attempt, at: iso(attempt.at) })),
    })),
  })
  return `{"version":1,"notification":${alert.notification},${rest.slice(1)}\n`
}

function detailsText(alert: AlertRow, deliveries: readonly DeliveryWithHistory[], style: Style): string {
  const sections: [string, string[]][] = [
    ['alert', factsOf(alert)],
    ['notification', [escapeForTerminal(alert.notification)]],
    ['route', [routeTarget(alert.route), ...formatRoute(alert.route, style)]],
    ['divergences', alert.divergences.map(divergenceLine)],
    ['deliveries', deliveries.length > 0 ? deliveries.flatMap(deliveryLines) : ['none']],
  ]
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${style('bold', title)}\n${lines.map((line) => `  ${line}\n`).join('')}`)
    .join('\n')
}

function factsOf(alert: AlertRow): string[] {
  const facts: [string, string][] = [
    ['id', alert.id],
    ['detection', `${alert.detection} (${alert.kind})`],
    ['severity', alert.severity],
    ['title', alert.title],
    ['dedup', alert.dedup],
    ['created', formatTime(alert.createdAt)],
    ['events', `${counted(alert.events, 'event')}, the last at ${formatTime(alert.lastEventAt)}`],
  ]
  return facts.map(([name, value]) => `${name.padEnd(9)}  ${escapeForTerminal(value)}`)
}

function divergenceLine({ at, rowId, severity, destinations }: Divergence): string {
  const wants = [severity, destinations?.length && `to ${destinations.join(', ')}`].filter(Boolean)
  return escapeForTerminal(`${formatTime(at)}  event ${rowId}: ${wants.join(' ')}`)
}

function deliveryLines({ id, destination, state, reason, history }: DeliveryWithHistory): string[] {
  const head = `${shortId(id)}  ${destination}  ${state}  (${reason})`
  const attempts = history.map(({ n, at, status, ms, outcome, message }) => {
    const answer = status === null ? outcome : `${outcome} ${status}`
    return `  ${n}.  ${formatTime(at)}  ${answer}  ${ms} ms  ${message}`
  })
  return [head, ...attempts].map(escapeForTerminal)
}

/** @param states the states of the destinations. A pause or a wait of a destination delays all its deliveries. */
export function deliveriesTable(
  deliveries: readonly DeliveryRow[],
  states: ReadonlyMap<string, DestinationState>,
  style: Style,
): string {
  if (deliveries.length === 0) return 'no deliveries\n'
  const rows = deliveries.map((delivery) => [
    shortId(delivery.id),
    delivery.state,
    delivery.destination,
    delivery.alertIds.map(shortId).join(' '),
    dueOf(delivery, states.get(delivery.destinationKey)),
    String(delivery.attempts),
    delivery.reason,
    delivery.message,
  ])
  return table(
    ['ID', 'STATE', 'DESTINATION', 'ALERT', 'DUE', 'ATTEMPTS', 'REASON', 'LAST ANSWER'],
    rows,
    style,
  )
}

function dueOf({ state, due }: DeliveryRow, destination: DestinationState | undefined): string {
  if (state !== 'pending' && state !== 'waiting') return ''
  if (destination && destination.pausedAt !== null) return 'after the pause'
  return formatTime(Math.max(due, destination?.heldUntil ?? 0))
}

export function deliveryJson(delivery: DeliveryRow) {
  return { ...delivery, due: iso(delivery.due), createdAt: iso(delivery.createdAt) }
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** Formats lists of alerts and deliveries as a table and as JSON. Pure. */
import { routeTarget } from '../../reporters/parts/route-trace.ts'
import type { Style } from '../../reporters/parts/terminal-text.ts'
import type { AlertSummary, DeliveryRow, DestinationState } from '../../store/store.ts'
import { shortId } from '../command/ids.ts'
import { formatTime, table } from './table.ts'

export function alertsTable(alerts: readonly AlertSummary[], style: Style): string {
  if (alerts.length === 0) return 'no alerts\n'
  const rows = alerts.map((alert) => [
    shortId(alert.id),
    formatTime(alert.createdAt),
    alert.severity,
    alert.status.status,
    alert.detection,
    alert.title,
    String(alert.events),
    routeTarget(alert.route),
  ])
  return table(['ID', 'CREATED', 'SEVERITY', 'STATUS', 'DETECTION', 'TITLE', 'EVENTS', 'ROUTE'], rows, style)
}

export function alertJson(alert: AlertSummary) {
  const { id, detection, kind, severity, title, dedup, createdAt, events, lastEventAt, logTypes, route } =
    alert
  const { level, destinations, suppressed } = route
  const { status, reason, assignee } = alert.status
  return {
    id,
    detection,
    kind,
    severity,
    title,
    dedup,
    createdAt: iso(createdAt),
    status,
    reason,
    assignee,
    events,
    lastEventAt: iso(lastEventAt),
    logTypes,
    route: { level, destinations, suppressed },
  }
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

export function iso(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

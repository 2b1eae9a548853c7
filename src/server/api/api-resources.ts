/** Makes the JSON of the API from rows of the store. What is not named here is in no answer. */
import { type Destination, destinationKey } from '../../model/project/destination.ts'
import type {
  AlertRow,
  AlertSummary,
  Attempt,
  AuditRow,
  Backlog,
  DeliveryRow,
  DestinationState,
} from '../../store/store.ts'

export const PREFIX = '/api/v1'

export function iso(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

function isoOrNull(epochMs: number | null | undefined): string | null {
  return epochMs === null || epochMs === undefined ? null : iso(epochMs)
}

export function alertResource(
  alert: AlertSummary & Partial<Pick<AlertRow, 'notification'>>,
  isWhole = false,
) {
  const { id, detection, kind, severity, title, dedup, events, logTypes, route } = alert
  const { version, status, reason, assignee } = alert.status
  const self = `${PREFIX}/alerts/${encodeURIComponent(id)}`
  return {
    id,
    detection,
    kind,
    severity,
    title,
    dedup,
    createdAt: iso(alert.createdAt),
    status,
    reason,
    assignee,
    version,
    events,
    lastEventAt: iso(alert.lastEventAt),
    logTypes,
    route: { level: route.level, destinations: route.destinations, suppressed: route.suppressed },
    ...(isWhole && { notification: alert.notification }),
    links: { self, audit: `${self}/audit`, deliveries: `${self}/deliveries` },
  }
}

export function auditResource({ seq, at, actor, via, verb, subject, before, after, note }: AuditRow) {
  return { seq, at: iso(at), actor, via, verb, subject, before, after, note }
}

export function deliveryResource(delivery: DeliveryRow, history?: readonly Attempt[]) {
  const { id, kind, destination, state, alertIds, attempts, reason, message } = delivery
  return {
    id,
    kind,
    destination,
    state,
    alertIds,
    createdAt: iso(delivery.createdAt),
    due: iso(delivery.due),
    attempts,
    reason,
    message,
    ...(history && { history: history.map((attempt) => ({ ...attempt, at: iso(attempt.at) })) }),
  }
}

export function destinationResource(
  destination: Destination,
  { pausedAt, pausedReason, heldUntil = null }: DestinationState,
  backlog: readonly Backlog[],
  now: number,
) {
  const key = destinationKey(destination)
  const counts = backlog.filter(({ destinationKey: other }) => other === key)
  const sum = (isCounted: (status: string) => boolean) =>
    counts.reduce((total, { status, count }) => (isCounted(status) ? total + count : total), 0)
  const isHeld = heldUntil !== null && heldUntil > now
  const state = !destination.enabled ? 'disabled' : pausedAt !== null ? 'paused' : isHeld ? 'held' : 'ready'
  return {
    name: destination.name,
    type: destination.type,
    enabled: destination.enabled,
    state,
    pausedSince: isoOrNull(pausedAt),
    pausedReason,
    heldUntil: isHeld ? iso(heldUntil) : null,
    waiting: sum((status) => !['dead', 'orphaned', 'scheduled'].includes(status)),
    dead: sum((status) => status === 'dead'),
  }
}

/** Formats an alert with its notification, status, route, deliveries and history, as text and as JSON. Pure. */
import { statusText } from '../../model/alerts/alert-status.ts'
import { formatSteps } from '../../reporters/parts/handling-trace.ts'
import { formatRoute, routeTarget } from '../../reporters/parts/route-trace.ts'
import { counted, escapeForTerminal, type Style } from '../../reporters/parts/terminal-text.ts'
import type {
  AlertRow,
  Attempt,
  AuditRow,
  DeliveryRow,
  Divergence,
  EscalationRow,
  HandlingRecord,
} from '../../store/store.ts'
import { shortId } from '../command/ids.ts'
import { alertJson, deliveryJson, iso } from './alert-view.ts'
import { formatTime } from './table.ts'

interface DeliveryWithHistory extends DeliveryRow {
  readonly history: readonly Attempt[]
}

interface AlertDetails {
  readonly alert: AlertRow
  readonly deliveries: readonly DeliveryWithHistory[]
  /** The decisions after the route, the earliest first. */
  readonly handling: readonly HandlingRecord[]
  readonly escalations: readonly EscalationRow[]
  /** All changes by people and rules, the earliest first. */
  readonly audit: readonly AuditRow[]
}

export function alertDetails(details: AlertDetails, format: 'pretty' | 'json', style: Style): string {
  return format === 'json' ? detailsJson(details) : detailsText(details, style)
}

/** The notification's own text is inserted unchanged, so that numbers keep their digits. */
function detailsJson({ alert, deliveries, handling, escalations, audit }: AlertDetails): string {
  const rest = JSON.stringify({
    ...alertJson(alert),
    reference: alert.reference,
    route: alert.route,
    divergences: alert.divergences.map((divergence) => ({ ...divergence, at: iso(divergence.at) })),
    handling: handling.map((record) => ({ ...record, at: iso(record.at) })),
    audit: audit.map((row) => ({ ...row, at: iso(row.at) })),
    escalations: escalations.map((row) => ({ ...row, due: row.due === null ? null : iso(row.due) })),
    deliveries: deliveries.map((delivery) => ({
      ...deliveryJson(delivery),
      history: delivery.history.map((attempt) => ({ ...attempt, at: iso(attempt.at) })),
    })),
  })
  return `{"version":1,"notification":${alert.notification},${rest.slice(1)}\n`
}

function detailsText(
  { alert, deliveries, handling, escalations, audit }: AlertDetails,
  style: Style,
): string {
  const sections: [string, string[]][] = [
    ['alert', factsOf(alert)],
    ['notification', [escapeForTerminal(alert.notification)]],
    ['route', [routeTarget(alert.route), ...formatRoute(alert.route, style)]],
    ['handling', handling.flatMap((record) => handlingLines(record, style))],
    ['divergences', alert.divergences.map(divergenceLine)],
    ['history', audit.map(auditLine)],
    ['escalation', escalations.filter(({ kind }) => kind === 'step').map(escalationLine)],
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
    ['status', statusText(alert.status)],
    ['assignee', alert.status.assignee],
    ['created', formatTime(alert.createdAt)],
    ['events', `${counted(alert.events, 'event')}, the last at ${formatTime(alert.lastEventAt)}`],
  ]
  const stated = facts.filter(([name, value]) => name !== 'assignee' || value !== '')
  return stated.map(([name, value]) => `${name.padEnd(9)}  ${escapeForTerminal(value)}`)
}

function handlingLines({ at, steps }: HandlingRecord, style: Style): string[] {
  return formatSteps(steps, style).map((line) => `${formatTime(at)}  ${line}`)
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

function escalationLine({ destinationKey, step, state, due, unless, reason }: EscalationRow): string {
  const wait = due === null ? '' : `at ${formatTime(due)} unless ${unless}`
  return escapeForTerminal(`${destinationKey}, step ${step + 1}  ${state}  ${reason || wait}`)
}

function auditLine(row: AuditRow): string {
  const note = row.note === '' ? '' : `: ${row.note}`
  return escapeForTerminal(`${formatTime(row.at)}  ${row.actor} (${row.via})  ${actOf(row)}${note}`)
}

function actOf({ verb, after }: AuditRow): string {
  switch (verb) {
    case 'created':
      return `created, ${after}`
    case 'resolved':
      return after
    case 'assigned':
      return after === '' ? 'unassigned' : `assigned to ${after}`
    case 'resent':
      return `sent again to ${after}`
    case 'escalated':
      return `escalated to ${after}`
    case 'retried':
      return `retried the delivery to ${after}`
    case 'paused':
    case 'resumed':
    case 'muted':
    case 'unmuted':
    case 'acknowledged':
    case 'reopened':
    case 'commented':
    case 'skipped':
    case 'tested':
    case 'expired':
    case 'extended':
      return verb
  }
}

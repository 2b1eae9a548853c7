/**
 * Decides how a claimed update differs from the delivery of an alert: what it says, when it has no purpose any more, and
 * whom its failure concerns. Pure.
 */
import type { DestinationType } from '../destinations/_destination.ts'
import { statusText } from '../model/alerts/alert-status.ts'
import type { AlertUpdate, UpdateEvent } from '../model/alerts/alert-update.ts'
import { compareSeverity } from '../model/alerts/severity.ts'
import type { Destination, RetryPolicy } from '../model/project/destination.ts'
import type { AlertRow, ClaimedDelivery } from '../store/store.ts'
import { endOfEscalation } from './escalation/escalation-reason.ts'
import { isResend } from './resend.ts'
import type { SendResult, UpdateDetails } from './send.ts'

/** An update about an old status is not worth more tries: the store has the right one. */
const MAX_AGE_MS = 24 * 60 * 60_000
/** A retry by hand begins the age again, after at most a day of attempts. The provider has another clock. */
const ATTEMPTS_MARGIN_MS = MAX_AGE_MS + 60 * 60_000
/** The record of the alert does not exist any more, which is no fault of the destination. */
const GONE = new Set([404, 405, 410])

/** Returns the reason for which a claimed delivery must not be sent any more; null: it must be sent. */
export function withdrawalReason(
  { delivery, alerts, repeated }: ClaimedDelivery,
  destination: Destination,
  type: Pick<DestinationType, 'pages'>,
): string | null {
  const [alert] = alerts
  if (delivery.update !== null) {
    const wanted = wantedEvents(delivery.update, destination)
    if (wanted.length === 0)
      return `${destination.name} has no updates about ${delivery.update.events.join(', ')}`
    if (alert?.status.status !== 'resolved' || !wanted.every(isWithoutPerson)) return null
    return `the alert is ${statusText(alert.status)}, by ${alert.status.changedBy}`
  }
  const end = alert ? endOfEscalation(delivery, alert.status) : null
  if (end !== null) return end
  // A page that may have been sent before must arrive, so that it can be resolved.
  if (!alert || !type.pages || repeated || isResend(delivery) || !alerts.every(isResolvedByPerson))
    return null
  return `${statusText(alert.status)}, by ${alert.status.changedBy}, before it was sent`
}

function wantedEvents({ events }: AlertUpdate, { updates }: Destination): readonly UpdateEvent[] {
  return events.filter((event) => updates.includes(event))
}

/** A resolved alert needs no updates about events that no person caused. */
function isWithoutPerson(event: UpdateEvent): boolean {
  return event === 'repeated' || event === 'escalated'
}

/** Alerts of the severity INFO are resolved from the beginning and are sent all the same. */
function isResolvedByPerson({ status }: AlertRow): boolean {
  return status.status === 'resolved' && status.version > 1
}

/** Marks the title of an alert that was resolved before it was sent. */
export function resolvedTitlePrefix(alert: AlertRow): string {
  return isResolvedByPerson(alert) ? '[Resolved]: ' : ''
}

/** Returns what an update says beside the alert; undefined: the delivery is no update. */
export function updateDetails(
  { delivery: { update, updateOf, createdAt }, firstReference }: ClaimedDelivery,
  alert: AlertRow,
  destination: Destination,
): UpdateDetails | undefined {
  if (update === null || updateOf === null) return undefined
  const severities = alert.divergences.flatMap(({ severity }) => severity ?? [])
  return {
    ...update,
    events: wantedEvents(update, destination),
    firstKey: updateOf,
    remoteReference: firstReference,
    severity: severities.reduce(
      (highest, each) => (compareSeverity(each, highest) > 0 ? each : highest),
      alert.severity,
    ),
    eventCount: alert.events,
    attemptedSince: createdAt - ATTEMPTS_MARGIN_MS,
  }
}

export function updateRetry({ maxAgeMs, maxAttempts }: RetryPolicy): RetryPolicy {
  return { maxAgeMs: Math.min(maxAgeMs, MAX_AGE_MS), maxAttempts }
}

/** True if an update was refused in a way that would pause the destination if it were an alert. */
export function isRefusedUpdate({ delivery }: ClaimedDelivery, result: SendResult): boolean {
  return delivery.kind === 'update' && result.result === 'refused' && result.scope === 'destination'
}

/** A right that only updates need is no reason to hold alerts: the update alone is retried, or is dead. */
export function resultOfRefusedUpdate(result: SendResult): SendResult {
  const { status, message } = result
  if (status !== null && GONE.has(status)) return { result: 'refused', status, message, scope: 'delivery' }
  return { result: 'retry', status, message, retryAfterMs: null }
}

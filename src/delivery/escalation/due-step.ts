/** Decides about a step of an escalation that is due. Pure. */
import { durationText } from '../../core/duration-text.ts'
import { deliveryId, hashId } from '../../model/alerts/alert.ts'
import { type AlertStatus, SYSTEM_ACTOR, statusText } from '../../model/alerts/alert-status.ts'
import { type Destination, destinationKey, type Registry } from '../../model/project/destination.ts'
import type { EscalationStep } from '../../model/project/destination-handling.ts'
import {
  type ClaimedEscalation,
  type CommitPlan,
  EMPTY_PLAN,
  type EscalationOutcome,
  type EscalationRow,
  type NewDelivery,
  SYSTEM_ACT,
} from '../../store/store.ts'
import { fallbackOf } from '../fallback/fallback-deliveries.ts'
import { escalationReason } from './escalation-reason.ts'

/** A step that is later than this, and later than four times its time, is not taken any more. */
const MAX_LATENESS_MS = 60 * 60_000
const MAX_LATENESS_FACTOR = 4

/** What follows from a due row: a plan that must be committed as a whole. */
export interface StepDecision {
  readonly result: 'sent' | 'ended' | 'missed' | 'released'
  readonly plan: CommitPlan
}

export function decideDueStep(claimed: ClaimedEscalation, registry: Registry, now: number): StepDecision {
  const { escalation, alert } = claimed
  const end = (result: 'ended' | 'missed', reason: string): StepDecision => ({
    result,
    plan: { ...EMPTY_PLAN, escalationOutcomes: [outcomeOf(claimed, result, reason)] },
  })
  const destination = declaringDestination(registry, escalation.destinationKey)
  if (escalation.kind === 'release') return release(claimed, destination, now)
  const step = destination?.handling.escalate[escalation.step]
  if (!destination || !step || !isSameStep(step, escalation)) return end('ended', 'its step was removed')
  const { status } = alert.status
  if (status === 'resolved' || status === escalation.unless) {
    return end('ended', `${statusText(alert.status)} by ${alert.status.changedBy}`)
  }
  if (isTooLate(escalation, now)) return end('missed', 'no daemon ran when it was due')
  const recipients = recipientsOf(step, destination, registry)
  if (recipients.length === 0) return end('ended', 'no destination of the step is enabled')
  const reason = escalationReason(destination.name, step)
  const to = recipients.map(({ name }) => name).join(', ')
  const audit = {
    ...SYSTEM_ACT,
    at: now,
    verb: 'escalated',
    subject: { kind: 'alert', id: alert.id },
    after: to,
    note: reason,
  } as const
  return {
    result: 'sent',
    plan: {
      ...EMPTY_PLAN,
      escalationOutcomes: [outcomeOf(claimed, 'sent', `sent to ${to}`)],
      deliveries: recipients.map((recipient) => deliveryTo(recipient, escalation, reason, now)),
      audits: [audit],
    },
  }
}

/** An acknowledged alert that was not resolved in time is open again, which starts all its steps again. */
function release(
  claimed: ClaimedEscalation,
  destination: Destination | undefined,
  now: number,
): StepDecision {
  const { alert, escalation } = claimed
  const outcome = outcomeOf(claimed, 'waiting', '')
  const { status } = alert
  const isMeant = destination !== undefined && destination.handling.ackTimeoutMs !== null
  if (status.status !== 'acknowledged' || !isMeant)
    return { result: 'ended', plan: { ...EMPTY_PLAN, escalationOutcomes: [outcome] } }
  const open: AlertStatus = {
    ...status,
    version: status.version + 1,
    status: 'open',
    changedAt: now,
    changedBy: SYSTEM_ACTOR,
  }
  const audit = {
    ...SYSTEM_ACT,
    at: now,
    verb: 'reopened',
    subject: { kind: 'alert', id: alert.id },
    before: statusText(status),
    after: statusText(open),
    note: `not resolved within ${durationText(escalation.afterMs)} of the acknowledge`,
  } as const
  const plan = {
    ...EMPTY_PLAN,
    escalationOutcomes: [outcome],
    statuses: [{ alertId: alert.id, status: open }],
    audits: [audit],
  }
  return { result: 'released', plan }
}

function outcomeOf(
  { escalation, leaseToken, alert }: ClaimedEscalation,
  state: EscalationOutcome['state'],
  reason: string,
): EscalationOutcome {
  const { alertId, destinationKey, kind, step } = escalation
  return {
    alertId,
    destinationKey,
    kind,
    step,
    leaseToken,
    statusVersion: alert.status.version,
    state,
    reason,
  }
}

function declaringDestination({ destinations }: Registry, key: string): Destination | undefined {
  return (
    destinations.find((each) => destinationKey(each) === key) ??
    destinations.find(({ previousNames }) => previousNames.includes(key))
  )
}

/** A reload can have put another step in its place. */
function isSameStep(step: EscalationStep, { afterMs, unless }: EscalationRow): boolean {
  return step.afterMs === afterMs && step.unless === unless
}

function isTooLate({ due, afterMs }: EscalationRow, now: number): boolean {
  return now - (due ?? now) > Math.max(MAX_LATENESS_MS, MAX_LATENESS_FACTOR * afterMs)
}

function recipientsOf({ to }: EscalationStep, destination: Destination, registry: Registry): Destination[] {
  const enabled = registry.destinations.filter((each) => each.enabled && to.includes(each.name))
  return enabled.length > 0 ? enabled : fallbackOf(registry, destinationKey(destination))
}

/** A destination that has the alert already gets it again only when the steps were started again. */
function deliveryTo(
  recipient: Destination,
  { alertId, round }: EscalationRow,
  reason: string,
  now: number,
): NewDelivery {
  const key = destinationKey(recipient)
  return {
    id: round === 0 ? deliveryId(alertId, key) : hashId('escalation', alertId, key, round),
    alertId,
    destinationKey: key,
    destination: recipient.name,
    due: now,
    createdAt: now,
    reason,
  }
}

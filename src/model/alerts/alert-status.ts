/** The status of an alert: open, acknowledged or resolved, and why it was resolved. */
import type { Severity } from './severity.ts'

export const STATUS_NAMES = ['open', 'acknowledged', 'resolved'] as const
export type StatusName = (typeof STATUS_NAMES)[number]

export const CLOSED_REASONS = [
  'true-positive',
  'false-positive',
  'expected',
  'duplicate',
  'fixed',
  'info',
  'expired',
] as const
export type ClosedReason = (typeof CLOSED_REASONS)[number]

/** The actor of changes that a rule makes. */
export const SYSTEM_ACTOR = 'system'

export interface AlertStatus {
  /** It rises with every change, so that a commit can compare it. */
  readonly version: number
  readonly status: StatusName
  /** null unless the status is `resolved`. */
  readonly reason: ClosedReason | null
  /** The person who cares for the alert; empty: there is none. */
  readonly assignee: string
  readonly changedAt: number
  readonly changedBy: string
}

/** Alerts of the severity INFO need no answer, so they are created resolved. */
export function initialStatus(severity: Severity, createdAt: number): AlertStatus {
  const isInfo = severity === 'INFO'
  return {
    version: 1,
    status: isInfo ? 'resolved' : 'open',
    reason: isInfo ? 'info' : null,
    assignee: '',
    changedAt: createdAt,
    changedBy: SYSTEM_ACTOR,
  }
}

/** The status in one text, as the audit has it: `open` or `resolved: fixed`. */
export function statusText({ status, reason }: Pick<AlertStatus, 'status' | 'reason'>): string {
  return reason === null ? status : `${status}: ${reason}`
}

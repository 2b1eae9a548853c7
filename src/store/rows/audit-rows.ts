/** Types of the rows about changes by people and rules: the audit and the status of alerts. Times are epoch milliseconds. */
import type { AlertStatus } from '../../model/alerts/alert-status.ts'

/** What was done. Events of correlation or delivery are no changes, so they are not in the audit. */
export type AuditVerb =
  | 'created'
  | 'acknowledged'
  | 'resolved'
  | 'reopened'
  | 'commented'
  | 'assigned'
  | 'escalated'
  | 'resent'
  | 'retried'
  | 'tested'
  | 'paused'
  | 'resumed'
  | 'muted'
  | 'unmuted'
  | 'skipped'
  | 'expired'
  | 'extended'

export interface NewAudit {
  readonly at: number
  /** The person or rule. */
  readonly actor: string
  /** The way in which the change came: `cli`, `api`, `console`, `hook:slack` or `system`. */
  readonly via: string
  readonly verb: AuditVerb
  readonly subject: {
    readonly kind: 'alert' | 'silence' | 'destination' | 'detection' | 'partition'
    readonly id: string
  }
  readonly before: string
  readonly after: string
  readonly note: string
  /** The key of the destination from which the change came. It gets no update of it. */
  readonly origin: string | null
  /** The id of the request. A plan with an id that the audit has already is a conflict. */
  readonly requestId: string | null
}

/** Who retries deliveries. The first row about a request has its id. */
export type RetriedBy = Pick<NewAudit, 'actor' | 'via'> & Partial<Pick<NewAudit, 'requestId'>>

/** What the rows of all changes have in common that a rule of the system makes by itself. */
export const SYSTEM_ACT = {
  actor: 'system',
  via: 'system',
  before: '',
  after: '',
  note: '',
  origin: null,
  requestId: null,
} as const

/** Rows are only added. Later rows have higher numbers, and no number is used twice. */
export interface AuditRow extends NewAudit {
  readonly seq: number
}

export interface AuditFilter {
  readonly subject?: NewAudit['subject']
  /** Rows with a lower or the same number are left out. */
  readonly after?: number
  /** Rows with a higher or the same number are left out. */
  readonly before?: number
  readonly requestId?: string
  /** The rows with the highest numbers come first; absent: those with the lowest. */
  readonly newestFirst?: boolean
  readonly limit: number
}

/** The new status of an alert. If its version is not one more than that in the store, the plan is a conflict. */
export interface StatusChange {
  readonly alertId: string
  readonly status: AlertStatus
}

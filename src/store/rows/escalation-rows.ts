/** Types of the rows of escalations. Times are epoch milliseconds. */
/**
 * waiting -> sent | ended | missed. A change of the alert's status ends a step that waits, and the status `open` starts
 * all steps of the alert again.
 */

export type EscalationState = 'waiting' | 'sent' | 'ended' | 'missed'

/** A step of a destination, or the end of the time within which an acknowledged alert must be resolved. */
export type EscalationKind = 'step' | 'release'

/** The status that ends a step. `resolved` ends both. */
export type EscalationEnd = 'acknowledged' | 'resolved'

export interface EscalationKey {
  readonly alertId: string
  /** The key of the destination that declares the step. */
  readonly destinationKey: string
  readonly kind: EscalationKind
  /** The number of the step at its destination, from 0; 0 for a release. */
  readonly step: number
}

/** A row that exists already is not inserted again. */
export interface NewEscalation extends EscalationKey {
  readonly unless: EscalationEnd
  readonly afterMs: number
  /** null: the time begins with the acknowledge. */
  readonly due: number | null
}

export interface EscalationRow extends NewEscalation {
  readonly state: EscalationState
  /** How often the steps of the alert were started before. */
  readonly round: number
  /** Why it ended, or whom it was sent to. */
  readonly reason: string
}

/** A row that is not held under this lease any more, or an alert with another version of its status, is a conflict. */
export interface EscalationOutcome extends EscalationKey {
  readonly leaseToken: string
  readonly statusVersion: number
  /** `waiting`: a release that waits for the next acknowledge. */
  readonly state: EscalationState
  readonly reason: string
}

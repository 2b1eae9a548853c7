/** When and how a destination gets alerts that were routed to it, and who gets them when no person answers. */
import type { TimeInterval } from '../../core/time-intervals.ts'
import type { Severity } from '../alerts/severity.ts'

export interface DestinationHours {
  /** The destination is open while one of them is. */
  readonly during: readonly TimeInterval[]
  /** While it is closed, its alerts wait for the next opening, or go to other destinations at once. */
  readonly otherwise: 'wait' | { readonly to: readonly string[] }
  /** Alerts of these severities are sent at any time. */
  readonly always: readonly Severity[]
}

/** A value of alerts by which digests are kept apart: a name, or `tag:NAME` or `context:PATH`. */
export type DigestKey = 'detection' | 'severity' | 'logType' | 'dedup' | `tag:${string}` | `context:${string}`

/** Alerts are gathered for a while and sent as one message. */
export interface DestinationDigest {
  /** The time from the first gathered alert to the message. */
  readonly everyMs: number
  /** Alerts with the same values share a digest. Empty: all do. */
  readonly by: readonly DigestKey[]
  /** Alerts of this severity and above are sent at once; null: all are gathered. */
  readonly below: Severity | null
  /** So many alerts within `everyMs` are sent at once before the others are gathered. */
  readonly after: number
  /** The greatest number of alerts that the message shows. It counts the others. */
  readonly max: number
}

/** The first alert of a group calls a person. Those that follow within `forMs` are updates of it. */
export interface DestinationGroup {
  /** Alerts with the same values, and with the same severity, are a group. */
  readonly by: readonly DigestKey[]
  readonly forMs: number
}

/** Sends an alert to other destinations if no person has answered in time. */
export interface EscalationStep {
  readonly afterMs: number
  /** The status that ends the step. An alert that is resolved needs no step of either kind. */
  readonly unless: 'acknowledged' | 'resolved'
  readonly to: readonly string[]
  /** The severities of its alerts; null: all. */
  readonly severities: readonly Severity[] | null
}

export interface DestinationHandling {
  /** null: it is always open. */
  readonly hours: DestinationHours | null
  /** null: each alert is a message. */
  readonly digest: DestinationDigest | null
  /** null: each alert calls a person. */
  readonly group: DestinationGroup | null
  readonly escalate: readonly EscalationStep[]
  /** An alert that is acknowledged for so long and not resolved is open again; null: it stays acknowledged. */
  readonly ackTimeoutMs: number | null
}

/** Every alert is sent at once, and only to the destinations of its route. */
export const NO_HANDLING: DestinationHandling = {
  hours: null,
  digest: null,
  group: null,
  escalate: [],
  ackTimeoutMs: null,
}

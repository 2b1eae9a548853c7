/** What a replay has found: the alerts of one project over recorded events, or of two projects over the same events. */
import type { AlertKind } from '../alerts/alert-kind.ts'
import type { RouteLevel } from '../alerts/route.ts'
import type { Severity } from '../alerts/severity.ts'

export interface ReplayedAlert {
  readonly id: string
  readonly detection: string
  readonly kind: AlertKind
  readonly severity: Severity
  /** The title without its prefix. */
  readonly title: string
  readonly dedup: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly route: RouteLevel
  /** The destinations that the route names. */
  readonly destinations: readonly string[]
  /** The destinations that would get a delivery, those of later events included. */
  readonly deliveries: readonly string[]
  /** The number of matches in the alert. */
  readonly events: number
  /** The row id of the event that created it; null: unknown. */
  readonly rowId: string | null
}

/** The fields in which the alerts of two revisions can differ. `event`: another event has created the alert. */
export const COMPARED_FIELDS = ['severity', 'title', 'dedup', 'route', 'destinations', 'event'] as const
export type ComparedField = (typeof COMPARED_FIELDS)[number]

export interface ChangedAlert {
  readonly before: ReplayedAlert
  readonly after: ReplayedAlert
  readonly fields: readonly ComparedField[]
}

export interface AlertChanges {
  readonly added: readonly ReplayedAlert[]
  readonly removed: readonly ReplayedAlert[]
  readonly changed: readonly ChangedAlert[]
}

export interface DetectionTotals {
  readonly alerts: number
  readonly matches: number
  /** The number of alerts of each day (UTC) that has some, `2026-01-31` -> 3. */
  readonly perDay: Readonly<Record<string, number>>
  /** The limiter has muted the detection, as it would until an operator unmutes it. */
  readonly isMuted: boolean
}

export interface DestinationTotals {
  readonly deliveries: number
  /** Estimated from the time that the events cover. */
  readonly perWeek: number
}

/** The result of one project. */
export interface RevisionReport {
  /** `working tree`, or the revision as the user named it. */
  readonly name: string
  /** The full hash of the commit; null: the working tree. */
  readonly commit: string | null
  readonly alerts: readonly ReplayedAlert[]
  readonly detections: ReadonlyMap<string, DetectionTotals>
  readonly destinations: ReadonlyMap<string, DestinationTotals>
  /** Deliveries to destinations that page people, per week. */
  readonly pagesPerWeek: number
}

/** Something of the input that could not be evaluated. */
export interface InputProblem {
  /** `damage`: the rest of the file was not read. */
  readonly kind: 'damage' | 'rejected'
  readonly file: string
  /** The position, for people: `line 12, byte 3456`. */
  readonly position: string
  readonly reason: string
}

export interface ReplayedEvents {
  readonly read: number
  readonly evaluated: number
  readonly rejected: number
  readonly unclassified: number
  /** Events outside of `--since` and `--until`. */
  readonly outside: number
  /** Events without a time of their own. */
  readonly untimed: number
  /** The share of the events that was read; 1: all. */
  readonly sample: number
  /** The time of the first and of the last event, epoch ms; null: there was none. */
  readonly from: number | null
  readonly until: number | null
}

export interface BudgetResult {
  /** The option with its value, for example `--max-new 20`. */
  readonly budget: string
  readonly isKept: boolean
  /** A sentence for people. */
  readonly message: string
}

export interface ReplayReport {
  readonly events: ReplayedEvents
  readonly after: RevisionReport
  /** null: one project was replayed. */
  readonly before: RevisionReport | null
  /** null: one project was replayed. */
  readonly changes: AlertChanges | null
  /** The first problems of the input. */
  readonly problems: readonly InputProblem[]
  readonly problemCount: number
  readonly budgets: readonly BudgetResult[]
}

/** Types of the lists of alerts: filters, pages, and alerts without their notification. Times are epoch milliseconds. */
import type { StatusName } from '../../model/alerts/alert-status.ts'
import type { Severity } from '../../model/alerts/severity.ts'
import type { AlertRow } from '../commit-plan.ts'

/** A text that is searched for has at least so many characters. */
export const MIN_SEARCHED_CHARS = 3

/** The position of an alert in the order of creation. Places are not compared outside of the store. */
export type AlertPlace = string

export interface AlertFilter {
  readonly detection?: string
  readonly severity?: Severity
  readonly status?: StatusName
  readonly assignee?: string
  /** True: alerts that no silence hid from a destination are left out. */
  readonly silenced?: boolean
  /** If it is set, alerts that this silence did not hide are left out. */
  readonly silencedBy?: string
  readonly since?: number
  readonly limit: number
}

export interface AlertQuery {
  /** It occurs in the title, the dedup string, the id of the detection or a tag, in any case. See `MIN_SEARCHED_CHARS`. */
  readonly text?: string
  /** The alert has one of these; absent: any. */
  readonly statuses?: readonly StatusName[]
  readonly severities?: readonly Severity[]
  readonly detection?: string
  /** The name of a destination of the alert's route. */
  readonly destination?: string
  readonly tag?: string
  readonly assignee?: string
  /** True: only alerts that a silence hid from a destination. */
  readonly silenced?: boolean
  /** If it is set, alerts that this silence did not hide are left out. */
  readonly silencedBy?: string
  /** The time of creation. The first end is included. */
  readonly since?: number
  readonly until?: number
  /** Alerts at this place and newer ones are left out. */
  readonly before?: AlertPlace
  readonly limit: number
}

/** Notifications can be large and private, so lists leave them out. */
export type AlertSummary = Omit<AlertRow, 'notification' | 'reference' | 'groupKey' | 'divergences'>

/** Alerts, the newest first. */
export interface AlertPage {
  readonly alerts: readonly AlertSummary[]
  /** The place of the last alert, if there are further ones. */
  readonly next: AlertPlace | null
}

/** A list of none of the statuses or severities is empty. */
export function isEmptyQuery({ statuses, severities }: AlertQuery): boolean {
  return statuses?.length === 0 || severities?.length === 0
}

/** The page of the rows that a query with one row more than the limit has found. */
export function pageOf(
  rows: readonly (AlertSummary & { readonly place: AlertPlace })[],
  limit: number,
): AlertPage {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    alerts: shown.map(withoutPlace),
    next: rows.length > limit && last ? last.place : null,
  }
}

function withoutPlace({ place, ...alert }: AlertSummary & { readonly place: AlertPlace }): AlertSummary {
  void place
  return alert
}

/** Alerts: the notification and the identifiers that make a replayed event find the same alert. */
import { hash } from 'node:crypto'
import type { JsonText } from '../../core/exact-json.ts'
import { type AlertGroupName, type AlertKind, alertGroup } from './alert-kind.ts'
import type { Route } from './route.ts'
import type { DecidedSeverity, Severity } from './severity.ts'

/**
 * The documented notification, keys in this order, none omitted. All are strings and never null
 * (empty is `""`), but `alertContext` (object) and `tags` (array of strings).
 */
export interface Notification {
  /** The detection's id, not the alert's. */
  readonly id: string
  /** AWSDateTime, milliseconds and `Z`. */
  readonly createdAt: string
  readonly severity: Severity
  readonly type: AlertKind
  readonly link: string
  readonly title: string
  readonly name: string
  readonly alertId: string
  readonly alertContext: Readonly<Record<string, unknown>>
  readonly description: string
  readonly runbook: string
  readonly tags: readonly string[]
  readonly version: string
}

/** A candidate: the texts, severity and route of a finding. The dedup group keeps it until the threshold, then the alert. */
export interface AlertDraft {
  readonly detection: string
  readonly kind: AlertKind
  readonly severity: DecidedSeverity
  /** The title without its prefix. */
  readonly title: string
  /** Display name. */
  readonly name: string
  readonly description: string
  readonly reference: string
  readonly runbook: string
  readonly tags: readonly string[]
  readonly context: JsonText
  readonly version: string
  readonly dedup: string
  readonly logTypes: readonly string[]
  readonly route: Route
  /** Says why it matched: the event's row id. */
  readonly rowId: string
}

const TITLE_PREFIX: Record<AlertGroupName, string> = {
  ALERT: 'New Alert: ',
  DETECTION_ERROR: 'New rule error: ',
  SYSTEM: '',
}

/** The title as sent. A policy's is always its display name or id: `title()` is not used there. */
export function prefixedTitle(draft: Pick<AlertDraft, 'kind' | 'title' | 'name' | 'detection'>): string {
  if (draft.kind === 'POLICY') return `Policy Failure: ${draft.name || draft.detection}`
  return TITLE_PREFIX[alertGroup(draft.kind)] + draft.title
}

/** The exact text of the notification. The context's own text is put in as it is. */
export function notificationJson(
  draft: AlertDraft,
  alertId: string,
  createdAt: number,
  link: string,
): JsonText {
  const text = JSON.stringify
  const fields = [
    ['id', text(draft.detection)],
    ['createdAt', text(new Date(createdAt).toISOString())],
    ['severity', text(draft.severity.value)],
    ['type', text(draft.kind)],
    ['link', text(link)],
    ['title', text(prefixedTitle(draft))],
    ['name', text(draft.name)],
    ['alertId', text(alertId)],
    ['alertContext', draft.context],
    ['description', text(draft.description)],
    ['runbook', text(draft.runbook)],
    ['tags', text(draft.tags)],
    ['version', text(draft.version)],
  ]
  return `{${fields.map(([key, value]) => `"${key}":${value}`).join(',')}}`
}

/** The page of an alert; empty where no `alertUrl` is configured. */
export function alertLink(alertUrl: string, id: string, detection: string): string {
  return alertUrl.replaceAll('{alertId}', id).replaceAll('{detectionId}', encodeURIComponent(detection))
}

/** 32 hex digits over the parts, each length-prefixed so that no two lists collide. */
export function hashId(...parts: readonly (string | number)[]): string {
  const text = parts.map((part) => `${Buffer.byteLength(String(part))}:${part}`).join('')
  return hash('sha256', text, 'hex').slice(0, 32)
}

/** One group per detection, kind and dedup key. */
export function groupKey(detection: string, kind: AlertKind, dedup: string): string {
  return hashId('group', kind, detection, dedup)
}

/** The same finding replayed gives the same alert: `ordinal` is the number of the alert within its group. */
export function alertId(detection: string, kind: AlertKind, dedup: string, ordinal: number): string {
  return hashId('alert', kind, detection, dedup, ordinal)
}

/** Identity and idempotency key of one (alert, destination). */
export function deliveryId(alert: string, destinationKey: string): string {
  return hashId('delivery', alert, destinationKey)
}

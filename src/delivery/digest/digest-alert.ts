/** Makes one alert of those of a digest, which a type sends as any other, and the JSON of types that send all of them. Pure. */
import type { JsonText } from '../../core/exact-json.ts'
import { wellFormedJson } from '../../core/readable-text.ts'
import type { Notification } from '../../model/alerts/alert.ts'
import { compareSeverity, SEVERITIES, type Severity } from '../../model/alerts/severity.ts'
import type { AlertRow } from '../../store/store.ts'

/** Shown by a fallback, which has no digest of its own. */
export const DEFAULT_SHOWN_ALERTS = 50

type DigestedAlert = Pick<
  AlertRow,
  'id' | 'detection' | 'kind' | 'severity' | 'title' | 'createdAt' | 'notification' | 'events' | 'status'
>

export interface DigestAlert {
  readonly notification: JsonText
  readonly reference: string
  /** `{ digest, alerts }`. */
  readonly json: JsonText
}

/**
 * @param max the number of alerts that are shown, the severest first.
 * @param isMore the alerts follow one that was sent before.
 */
export function digestAlert(alerts: readonly DigestedAlert[], max: number, isMore = false): DigestAlert {
  const sorted = [...alerts].sort(
    (a, b) => compareSeverity(b.severity, a.severity) || a.createdAt - b.createdAt,
  )
  const shown = sorted.slice(0, max)
  const [first] = sorted as [DigestedAlert]
  const parsed = JSON.parse(first.notification) as Notification
  const detections = [...new Set(alerts.map(({ detection }) => detection))]
  const title = titleOf(alerts, detections, isMore)
  const hidden = sorted.slice(max)
  const more = hidden.length > 0 ? [`and ${hidden.length} more (${severitiesText(hidden)})`] : []
  const notification: Notification = {
    id: first.detection,
    createdAt: parsed.createdAt,
    severity: first.severity,
    type: first.kind,
    link: '',
    title,
    name: detections.length === 1 ? parsed.name : `${detections.length} detections`,
    alertId: first.id,
    alertContext: {},
    description: [...shown.map(lineOf), ...more].join('\n'),
    runbook: detections.length === 1 ? parsed.runbook : '',
    tags: commonTags(shown),
    version: '',
  }
  const digest = {
    title,
    alerts: alerts.length,
    shown: shown.length,
    severities: Object.fromEntries(countsOf(alerts)),
    detections: detections.slice(0, max),
    from: new Date(Math.min(...alerts.map(({ createdAt }) => createdAt))).toISOString(),
    until: new Date(Math.max(...alerts.map(({ createdAt }) => createdAt))).toISOString(),
  }
  const texts = shown.map((alert) => alert.notification).join(',')
  return {
    notification: JSON.stringify(notification),
    reference: '',
    json: wellFormedJson(`{"digest":${JSON.stringify(digest)},"alerts":[${texts}]}`),
  }
}

/** `12 alerts of AWS.RootLogin (1 HIGH, 11 LOW)`. */
function titleOf(alerts: readonly DigestedAlert[], detections: readonly string[], isMore: boolean): string {
  const of = detections.length === 1 ? detections[0]! : `${detections.length} detections`
  return `${counted(alerts.length, isMore ? 'more alert' : 'alert')} of ${of} (${severitiesText(alerts)})`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function severitiesText(alerts: readonly DigestedAlert[]): string {
  return countsOf(alerts)
    .map(([severity, n]) => `${n} ${severity}`)
    .join(', ')
}

/** The severest first. */
function countsOf(alerts: readonly DigestedAlert[]): [Severity, number][] {
  const counts = SEVERITIES.map((severity): [Severity, number] => [
    severity,
    alerts.filter((alert) => alert.severity === severity).length,
  ])
  return counts.filter(([, n]) => n > 0).reverse()
}

/** A link stays in the line of its alert, because there is no page of the digest. */
function lineOf({ severity, title, events, status, notification }: DigestedAlert): string {
  const { link } = JSON.parse(notification) as Notification
  const isResolved = status.status === 'resolved' && status.version > 1
  const mark = isResolved ? '[Resolved] ' : ''
  const many = events > 1 ? ` (${counted(events, 'event')})` : ''
  // A line break of a title would look like another alert.
  return `- ${mark}${severity}: ${title.replace(/\s+/g, ' ')}${many}${link ? ` ${link}` : ''}`
}

function commonTags(alerts: readonly DigestedAlert[]): string[] {
  const [first = [], ...others] = alerts.map(
    ({ notification }) => (JSON.parse(notification) as Notification).tags,
  )
  return first.filter((tag) => others.every((tags) => tags.includes(tag)))
}

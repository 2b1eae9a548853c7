/** The figures that every report of a replay shows: rows per detection and destination, and the period. Pure. */
import type {
  AlertChanges,
  ChangedAlert,
  ComparedField,
  ReplayedAlert,
  ReplayedEvents,
  ReplayReport,
} from '../../model/replay/replay-report.ts'

export interface DetectionRow {
  readonly id: string
  readonly before: number
  readonly after: number
  readonly added: readonly ReplayedAlert[]
  readonly removed: readonly ReplayedAlert[]
  readonly changed: readonly ChangedAlert[]
  readonly isMuted: boolean
}

export interface DestinationRow {
  readonly name: string
  /** Deliveries per week. */
  readonly before: number
  readonly after: number
}

const NO_CHANGES: AlertChanges = { added: [], removed: [], changed: [] }

/** The detections with alerts. Those with the most changes come first, then those with the most alerts. */
export function detectionRows({ before, after, changes }: ReplayReport): DetectionRow[] {
  const { added, removed, changed } = changes ?? NO_CHANGES
  const addedOf = Map.groupBy(added, ({ detection }) => detection)
  const removedOf = Map.groupBy(removed, ({ detection }) => detection)
  const changedOf = Map.groupBy(changed, (each) => each.after.detection)
  const ids = new Set([...after.detections.keys(), ...(before?.detections.keys() ?? [])])
  const rows = [...ids].map((id): DetectionRow => {
    return {
      id,
      before: before?.detections.get(id)?.alerts ?? 0,
      after: after.detections.get(id)?.alerts ?? 0,
      added: addedOf.get(id) ?? [],
      removed: removedOf.get(id) ?? [],
      changed: changedOf.get(id) ?? [],
      isMuted: after.detections.get(id)?.isMuted ?? false,
    }
  })
  return rows
    .filter((row) => row.before + row.after > 0)
    .sort((a, b) => changesOf(b) - changesOf(a) || b.after - a.after)
}

export function changesOf({ added, removed, changed }: DetectionRow): number {
  return added.length + removed.length + changed.length
}

export function destinationRows({ before, after }: ReplayReport): DestinationRow[] {
  const names = new Set([...after.destinations.keys(), ...(before?.destinations.keys() ?? [])])
  return [...names].map((name) => ({
    name,
    before: before?.destinations.get(name)?.perWeek ?? 0,
    after: after.destinations.get(name)?.perWeek ?? 0,
  }))
}

/** Text such as `1 alert added, 2 removed, 6 changed`. */
export function summaryText({ after, changes }: ReplayReport): string {
  if (changes === null) return alertsText(after.alerts.length)
  const { added, removed, changed } = changes
  if (added.length + removed.length + changed.length === 0) return 'no alert changes'
  return `${alertsText(added.length)} added, ${numberText(removed.length)} removed, ${numberText(changed.length)} changed`
}

function alertsText(count: number): string {
  return `${numberText(count)} ${count === 1 ? 'alert' : 'alerts'}`
}

/** Text such as `Pages per week: 3 -> 12`. */
export function pagesText({ before, after }: ReplayReport): string {
  const [was, is] = [before?.pagesPerWeek ?? after.pagesPerWeek, after.pagesPerWeek]
  return `Pages per week: ${was === is ? '' : `${numberText(was)} -> `}${numberText(is)}`
}

/** Text such as `12,000 events from 2026-01-01 to 2026-01-31`. */
export function eventsText({ evaluated, from, until, sample }: ReplayedEvents): string {
  const events = `${numberText(evaluated)} ${evaluated === 1 ? 'event' : 'events'}`
  const share = sample < 1 ? ` (a sample of ${Math.round(sample * 1000) / 10} %)` : ''
  if (from === null) return `${events}${share}`
  const [first, last] = [dateText(from), dateText(until!)]
  return `${events}${share} ${first === last ? `of ${first}` : `from ${first} to ${last}`}`
}

export function numberText(value: number): string {
  return value.toLocaleString('en-US')
}

function dateText(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** Text such as `2026-01-31 23:59Z`. */
export function minuteText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`
}

/** Text such as `severity HIGH -> LOW`. */
export function changeText({ before, after, fields }: ChangedAlert): string {
  return fields
    .map((field) => `${field} ${valueText(before, field)} -> ${valueText(after, field)}`)
    .join('; ')
}

function valueText(alert: ReplayedAlert, field: ComparedField): string {
  if (field === 'event') return `of ${minuteText(alert.createdAt)}`
  return field === 'destinations' ? alert.destinations.join(', ') || 'none' : alert[field]
}

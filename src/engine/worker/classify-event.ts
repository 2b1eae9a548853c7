/** Decides what kind of record an event is. Pure; the text itself is never edited. */
import type { Envelope } from '../../model/events/event.ts'
import type { ClassificationMatcher } from '../../model/project/settings.ts'
import type { JsonRecord } from '../protocol/driver-request.ts'

/** The event's log type or resource type; null = unclassified. */
export function classify(
  record: JsonRecord,
  envelope: Pick<Envelope, 'kind' | 'type'>,
  matchers: readonly ClassificationMatcher[],
): string | null {
  if (envelope.kind === 'resource') return envelope.type ?? textAt(record, 'resourceType')
  return (
    textAt(record, 'p_log_type') ??
    envelope.type ??
    matchers.find(({ match }) => matches(record, match))?.logType ??
    null
  )
}

/** The non-empty string under a key of the record's own, or null. */
export function textAt(record: JsonRecord, key: string): string | null {
  const value = ownValue(record, key)
  return typeof value === 'string' && value !== '' ? value : null
}

/** What stands under a dotted path; a key that itself holds dots is found first. */
export function valueAt(record: unknown, path: string): unknown {
  const whole = ownValue(record, path)
  if (whole !== undefined) return whole
  return path.split('.').reduce(ownValue, record)
}

/** Own keys only: a record's `constructor` is not a field. */
function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as JsonRecord)[key]
}

function matches(record: JsonRecord, match: ClassificationMatcher['match']): boolean {
  return Object.entries(match).every(([path, expected]) => {
    const value = valueAt(record, path)
    if (value === undefined || value === null) return false
    if (expected === '*') return true
    return (typeof value === 'string' ? value : JSON.stringify(value)) === expected
  })
}

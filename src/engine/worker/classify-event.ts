/** WORKER THREAD. Determines the log type or resource type of an event. Pure. */
import type { Envelope } from '../../model/events/event.ts'
import type { ClassificationMatcher } from '../../model/project/settings.ts'
import type { JsonRecord } from '../protocol/driver-request.ts'

/** Returns the log type or resource type; null: the event is unclassified. */
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

/** Returns the non-empty string under an own key of the record, or null. */
export function textAt(record: JsonRecord, key: string): string | null {
  const value = ownValue(record, key)
  return typeof value === 'string' && value !== '' ? value : null
}

/** Returns the value at a dotted path. A key that contains the dots itself is tried first. */
export function valueAt(record: unknown, path: string): unknown {
  const whole = ownValue(record, path)
  if (whole !== undefined) return whole
  return path.split('.').reduce(ownValue, record)
}

/** Reads own keys only, because a record's `constructor` is not a field. */
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

/** Finds the field with the time of an event, where neither the event nor the user names it. Pure. */
import { readEventTime } from '../model/events/event-time.ts'

/** The names that widespread logs use, in the order in which they are tried. */
const TIME_FIELDS = [
  'eventTime',
  'published',
  'timestamp',
  '@timestamp',
  'time',
  'event_time',
  'created_at',
  'createdAt',
  'creationTime',
  'ts',
]

/** Returns null if the event has `p_event_time`, or no field of a known name has a time. */
export function findTimeField(raw: string): string | null {
  const record = parsed(raw)
  if (record === null || 'p_event_time' in record) return null
  return TIME_FIELDS.find((field) => field in record && readEventTime(record[field]) !== null) ?? null
}

function parsed(raw: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(raw) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

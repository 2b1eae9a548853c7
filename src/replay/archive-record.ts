/**
 * One line of an event archive: a JSON object with what `record` knew of the event, and the event's own text as its last
 * value, byte for byte as it came.
 */
import type { Envelope } from '../model/events/event.ts'

/** What is recorded beside the text of an event. */
export type RecordedFields = Pick<Envelope, 'receivedAt' | 'source' | 'kind' | 'type'>

export interface ArchiveRecord extends RecordedFields {
  readonly raw: string
}

const BEGINNING = '{"signalbox":1,'
/** Quotes within a JSON text are escaped, so the key is found only where it is one. */
const EVENT_KEY = ',"event":'

/** Returns null for a line that is no record of an archive. */
export function parseRecord(line: string): ArchiveRecord | null {
  if (!line.startsWith(BEGINNING)) return null
  const at = line.indexOf(EVENT_KEY)
  if (at === -1 || !line.endsWith('}')) return null
  try {
    const { receivedAt, source, kind, type } = JSON.parse(`${line.slice(0, at)}}`) as RecordedFields
    return { receivedAt, source, kind, type, raw: line.slice(at + EVENT_KEY.length, -1) }
  } catch {
    return null
  }
}

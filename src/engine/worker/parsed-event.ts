/**
 * WORKER THREAD. An event whose text was parsed. Most events concern no detection, so its identity and the fields that are
 * filled in are made when something asks for them.
 */
import { hashId } from '../../model/alerts/alert.ts'
import type { CacheEvent } from '../../model/events/detection-cache.ts'
import type { EventNotice } from '../../model/events/evaluation.ts'
import type { Envelope, EventIdentity } from '../../model/events/event.ts'
import { formatEventTime } from '../../model/events/event-time.ts'
import type { JsonRecord } from '../protocol/driver-request.ts'
import { NOT_MADE } from './guard/guard-lookup.ts'

/** The fields that are filled in where a record lacks them. */
export type FilledFields = Readonly<Record<string, string>>

interface ParsedParts {
  readonly envelope: Envelope
  readonly record: JsonRecord
  /** After classification. */
  readonly type: string
  /** The log type that detections see, which the row of a query and a resource do not get; null: their own, if any. */
  readonly givenLogType: string | null
  readonly resourceId: string | null
  /** The record's own `p_row_id`. */
  readonly ownRowId: string | null
  readonly happenedAt: number | null
  /** The `p_event_time` to fill in, or null. */
  readonly eventTime: string | null
  readonly at: number
  readonly candidates: readonly number[]
  readonly notices: readonly EventNotice[]
}

export class ParsedEvent {
  readonly status = 'accepted'
  /** The record, to which `fillIn` adds the fields that it lacks. */
  readonly record: JsonRecord
  readonly ownRowId: string | null
  readonly at: number
  /** The detections that evaluate the event. */
  readonly candidates: readonly number[]
  readonly notices: readonly EventNotice[]
  readonly #parts: ParsedParts
  #identity: EventIdentity | undefined
  #missing: Record<string, string> | undefined

  constructor(parts: ParsedParts) {
    this.record = parts.record
    this.ownRowId = parts.ownRowId
    this.at = parts.at
    this.candidates = parts.candidates
    this.notices = parts.notices
    this.#parts = parts
  }

  get isResource(): boolean {
    return this.#parts.envelope.kind === 'resource'
  }

  /** The log type whose data model detections see, or null. */
  get logType(): string | null {
    const { record, type, givenLogType } = this.#parts
    const seen = givenLogType !== null && isAbsent(record.p_log_type) ? givenLogType : record.p_log_type
    return seen === type ? type : null
  }

  get event(): EventIdentity {
    this.#identity ??= this.#identify()
    return this.#identity
  }

  /** The fields that the record lacks. Python adds them after it has parsed the record. */
  get fields(): FilledFields {
    const missing = this.#missingFields()
    if (missing.p_row_id === NOT_DERIVED) missing.p_row_id = this.event.rowId
    return missing
  }

  /** Returns the event as detections see it. */
  fillIn(): JsonRecord {
    return Object.assign(this.record, this.fields)
  }

  /**
   * Returns the event as detections see it, but without a row id that is not its own: a guard that reads it does not know
   * the answer. Hardly any detection does, and the id takes longer than several guards.
   */
  fillInForGuards(): JsonRecord {
    const missing = this.#missingFields()
    const isNotDerived = missing.p_row_id === NOT_DERIVED
    return Object.assign(this.record, missing, isNotDerived ? { p_row_id: NOT_MADE } : null)
  }

  #identify(): EventIdentity {
    const { envelope, type, resourceId, happenedAt, at } = this.#parts
    const { source, seq, kind } = envelope
    return {
      source,
      seq,
      kind,
      type,
      rowId: this.ownRowId ?? deriveRowId(envelope),
      resourceId,
      happenedAt,
      at,
    }
  }

  /** They are found once, because a record that is filled in lacks none. */
  #missingFields(): Record<string, string> {
    this.#missing ??= missingFields(this.#parts)
    return this.#missing
  }
}

/** Stands for a row id that nothing has asked for. */
const NOT_DERIVED = ''

function missingFields({ envelope, record, givenLogType, eventTime }: ParsedParts) {
  const missing: Record<string, string> = {}
  if (envelope.kind === 'resource') return missing
  const fill = (key: string, value: string | null) => {
    if (value !== null && isAbsent(record[key])) missing[key] = value
  }
  fill('p_log_type', givenLogType)
  fill('p_row_id', NOT_DERIVED)
  fill('p_parse_time', formatEventTime(envelope.receivedAt))
  fill('p_source_label', envelope.source)
  fill('p_event_time', eventTime)
  return missing
}

/**
 * A record that is read again from the same position gets the same id, so that a replay finds its alerts. Without a position
 * two equal records are two events.
 */
function deriveRowId({ source, dedupId, origin, position, raw, receivedAt, seq }: Envelope): string {
  // An event with a key can come again at another source.
  if (dedupId !== undefined) return hashId('row', 'key', dedupId, position, raw)
  return hashId('row', source, origin ?? `${receivedAt}:${seq}`, position, raw)
}

/** Returns the identity of an event for the caching helpers. */
export function cacheEvent(envelope: Envelope, ownRowId: string | null): CacheEvent {
  const { source, seq, run, dedupId, dedupByRowId } = envelope
  const isKnownByRowId = dedupByRowId === true && ownRowId !== null
  const name = isKnownByRowId ? hashId('own-row', ownRowId) : deriveRowId(envelope)
  return { source, seq, run, name, comesAgain: isKnownByRowId || dedupId !== undefined }
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

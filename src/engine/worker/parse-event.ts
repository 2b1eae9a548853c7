/** WORKER THREAD. Parses the text of an event: its type, its times, and the detections that evaluate it. Pure. */

import { parseExact } from '../../core/exact-json.ts'
import { truncateText } from '../../core/truncate-text.ts'
import { messageOf } from '../../errors.ts'
import type { EventNotice } from '../../model/events/evaluation.ts'
import type { Envelope } from '../../model/events/event.ts'
import { formatEventTime, readEventTime } from '../../model/events/event-time.ts'
import type { Settings } from '../../model/project/settings.ts'
import type { JsonRecord } from '../protocol/driver-request.ts'
import type { ClockMode } from '../protocol/messages.ts'
import { classify, textAt, valueAt } from './classify-event.ts'
import { containerNotice } from './containers.ts'
import { checkLimits } from './event-limits.ts'
import { isAbsent, ParsedEvent } from './parsed-event.ts'
import type { Selection } from './select-detections.ts'

export interface RejectedEvent {
  readonly status: 'rejected' | 'unclassified'
  readonly reason: string
}
type ParseResult = ParsedEvent | RejectedEvent

const EXCERPT_CHARS = 40

export interface ParseRules {
  readonly settings: Pick<Settings, 'classification' | 'limits'>
  readonly selection: Selection
  readonly clockMode: ClockMode
}

export function parseEvent(envelope: Envelope, rules: ParseRules): ParseResult {
  const reason = envelope.refused ?? checkLimits(envelope.raw, rules.settings.limits)
  if (reason !== null) return { status: 'rejected', reason }
  const parsed = parseRecord(envelope.raw)
  if ('reason' in parsed) return { status: 'rejected', reason: parsed.reason }

  const { record } = parsed
  const isQuery = envelope.kind === 'log' && rules.selection.isQuery(envelope.type)
  const type = isQuery ? envelope.type : classify(record, envelope, rules.settings.classification)
  if (type === null) return { status: 'unclassified', reason: noType(envelope) }

  const { kind, receivedAt } = envelope
  const resourceId = kind === 'resource' ? (textAt(record, 'resourceId') ?? '') : null
  const times = timesOf(record, envelope)
  return new ParsedEvent({
    envelope,
    record,
    type,
    givenLogType: isQuery || kind === 'resource' ? null : type,
    resourceId,
    ownRowId: textAt(record, 'p_row_id'),
    happenedAt: times.eventAt,
    eventTime: times.fill,
    at: rules.clockMode === 'event' ? (times.eventAt ?? receivedAt) : receivedAt,
    candidates: rules.selection.candidates({ kind, type, resourceId }),
    notices: noticesOf(record, type, times),
  })
}

function parseRecord(raw: string): { record: JsonRecord } | { reason: string } {
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch (error) {
    return { reason: `not JSON: ${messageOf(error)}` }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { record: value as JsonRecord }
  }
  return {
    reason: `not a JSON object but ${Array.isArray(value) ? 'a list' : JSON.stringify(value)?.slice(0, 40)}`,
  }
}

interface Times {
  readonly eventAt: number | null
  /** The `p_event_time` to fill in, or null. */
  readonly fill: string | null
  /** The field whose value is not a time, or null. */
  readonly unreadable: { readonly field: string; readonly value: unknown } | null
}

function timesOf(record: JsonRecord, { timeField, raw }: Envelope): Times {
  const isOwn = !isAbsent(record.p_event_time)
  const field = isOwn ? 'p_event_time' : timeField
  const value = field === undefined ? undefined : valueAt(record, field)
  if (field === undefined || isAbsent(value)) return { eventAt: null, fill: null, unreadable: null }
  const time = readEventTime(withAllDigits(value, raw, field))
  if (time === null) return { eventAt: null, fill: null, unreadable: { field, value } }
  const fill = isOwn ? null : formatEventTime(time.ms, time.nanoseconds)
  return { eventAt: time.ms, fill, unreadable: null }
}

/** Returns a number with all its digits, because nanoseconds since 1970 have more digits than a double. */
function withAllDigits(value: unknown, raw: string, field: string): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const exact = valueAt(parseExact(raw), field)
  return typeof exact === 'object' && exact !== null && 'rawJSON' in exact ? exact.rawJSON : value
}

const NO_NOTICES: readonly EventNotice[] = []

function noticesOf(record: JsonRecord, type: string, { unreadable }: Times): readonly EventNotice[] {
  const container = containerNotice(record, type)
  if (container === null && unreadable === null) return NO_NOTICES
  return [container ?? [], unreadable === null ? [] : unreadableTime(unreadable)].flat()
}

function unreadableTime({ field, value }: NonNullable<Times['unreadable']>): EventNotice {
  const excerpt = truncateText(JSON.stringify(value), EXCERPT_CHARS)
  const effect = field === 'p_event_time' ? 'the time of receipt counts' : 'p_event_time stays absent'
  return { code: 'unreadable-time', message: `"${field}" is ${excerpt}, which is not a time: ${effect}` }
}

function noType({ kind }: Envelope): string {
  return kind === 'resource'
    ? 'no resource type: add ?type= to the source, or resourceType to the record'
    : 'no log type: add ?logType= to the source, a classification to signalbox.yaml, or p_log_type to the record'
}

/** Makes an event of a log record of OpenTelemetry. Pure. */

export type Attributes = Readonly<Record<string, unknown>>

export interface Scope {
  readonly name?: string | undefined
  readonly version?: string | undefined
  readonly attributes?: Attributes | undefined
}

/** A record with its values decoded. Numbers of 64 bits are `JSON.rawJSON`, so that they keep their digits. */
export interface LogRecord {
  timeUnixNano?: bigint
  observedTimeUnixNano?: bigint
  severityNumber?: number
  severityText?: string
  body?: unknown
  attributes?: Attributes
  flags?: number
  traceId?: string
  spanId?: string
  eventName?: string
}

export interface LogEvent {
  readonly raw: string
  readonly refused?: string
  /** The value of `log.record.uid`: another record with it is the same record. */
  readonly uid: string | null
}

const UID_ATTRIBUTE = 'log.record.uid'
const MAX_UID_CHARS = 255
const NANOSECONDS_PER_SECOND = 1_000_000_000n
/** The year 9999. */
const MAX_SECONDS = 253_402_300_799n

/** A function of the language that its typings lack. */
const exact = JSON as unknown as { rawJSON(text: string): object }

/** An integer of 64 bits, with all its digits in the JSON text. */
export function wholeNumber(digits: string): unknown {
  return exact.rawJSON(digits)
}

export function logEventOf(record: LogRecord, resource: Attributes, scope: Scope): LogEvent {
  const { attributes = {} } = record
  const uid = Object.hasOwn(attributes, UID_ATTRIBUTE) ? attributes[UID_ATTRIBUTE] : null
  const event = {
    timestamp: timeOf(record.timeUnixNano) ?? timeOf(record.observedTimeUnixNano),
    observed_timestamp: timeOf(record.observedTimeUnixNano),
    severity_number: record.severityNumber || undefined,
    severity_text: record.severityText || undefined,
    event_name: record.eventName || undefined,
    body: record.body,
    attributes,
    resource,
    scope: {
      name: scope.name || undefined,
      version: scope.version || undefined,
      ...(Object.keys(scope.attributes ?? {}).length > 0 && { attributes: scope.attributes }),
    },
    trace_id: record.traceId || undefined,
    span_id: record.spanId || undefined,
    flags: record.flags || undefined,
  }
  const isUsable = typeof uid === 'string' && uid !== '' && uid.length <= MAX_UID_CHARS
  return { raw: JSON.stringify(event), uid: isUsable ? uid : null }
}

/** Returns the time with all nine digits of the second; undefined for 0, which means unknown. */
function timeOf(nanoseconds: bigint | undefined): string | undefined {
  if (nanoseconds === undefined || nanoseconds <= 0n) return undefined
  const seconds = nanoseconds / NANOSECONDS_PER_SECOND
  if (seconds > MAX_SECONDS) return undefined
  const fraction = String(nanoseconds % NANOSECONDS_PER_SECOND).padStart(9, '0')
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', `.${fraction}Z`)
}

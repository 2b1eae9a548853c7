/**
 * Reads the binary encoding of a request with log records, and writes its answers. The fields are those of the published
 * definitions; the library reads and writes their values. Records are read one by one, so that a body of many empty
 * messages takes no more memory than its events.
 */
import { Reader, Writer } from 'protobufjs/minimal.js'
import {
  type Attributes,
  type LogEvent,
  type LogRecord,
  logEventOf,
  type Scope,
  wholeNumber,
} from './log-event.ts'

const MAX_DEPTH = 100

/** The wire types of the encoding. */
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Reads one field by its number; unknown fields are skipped. */
type Fields = Readonly<Record<number, readonly [wireType: number, read: () => void]>>

/** Yields the events in order. Throws for a body that is no such request. */
export function* protobufLogEvents(body: Buffer): Generator<LogEvent> {
  const reader = Reader.create(body)
  for (const resourceLogs of messagesAt(reader, body.length, 1)) {
    const { resource, scopeLogs } = resourceLogsOf(reader, resourceLogs)
    for (const end of scopeLogs) {
      const { scope, logRecords } = scopeLogsOf(reader, end)
      for (const record of logRecords) {
        yield logEventOf(recordOf(seek(reader, record)), resource, scope)
      }
    }
  }
}

interface Span {
  readonly from: number
  readonly to: number
}

/** Yields the places of the messages in a repeated field, and continues behind each of them. */
function* messagesAt(reader: Reader, to: number, field: number): Generator<Span> {
  while (reader.pos < to) {
    const tag = reader.uint32()
    if (tag !== ((field << 3) | BYTES)) {
      reader.skipType(tag & 7)
      continue
    }
    const span = spanAt(reader, to)
    yield span
    reader.pos = span.to
  }
}

function spanAt(reader: Reader, limit: number): Span {
  const length = reader.uint32()
  const from = reader.pos
  const to = from + length
  if (to > limit) throw new Error('a message is longer than the one around it')
  return { from, to }
}

function seek(reader: Reader, span: Span): { reader: Reader; to: number } {
  reader.pos = span.from
  return { reader, to: span.to }
}

function readFields(reader: Reader, to: number, fields: Fields): void {
  while (reader.pos < to) {
    const tag = reader.uint32()
    const field = fields[tag >>> 3]
    if (field === undefined || field[0] !== (tag & 7)) reader.skipType(tag & 7)
    else field[1]()
  }
  if (reader.pos !== to) throw new Error('a field is longer than its message')
}

/** A resource may stand behind its records, so their places are kept and read later. */
function resourceLogsOf(reader: Reader, span: Span): { resource: Attributes; scopeLogs: readonly Span[] } {
  let resource: Attributes = {}
  const scopeLogs: Span[] = []
  readFields(seek(reader, span).reader, span.to, {
    1: [
      BYTES,
      () => {
        resource = resourceOf(reader, spanAt(reader, span.to))
      },
    ],
    2: [BYTES, () => scopeLogs.push(passed(reader, spanAt(reader, span.to)))],
  })
  return { resource, scopeLogs }
}

function scopeLogsOf(reader: Reader, span: Span): { scope: Scope; logRecords: readonly Span[] } {
  let scope: Scope = {}
  const logRecords: Span[] = []
  readFields(seek(reader, span).reader, span.to, {
    1: [
      BYTES,
      () => {
        scope = scopeOf(reader, spanAt(reader, span.to))
      },
    ],
    2: [BYTES, () => logRecords.push(passed(reader, spanAt(reader, span.to)))],
  })
  return { scope, logRecords }
}

function passed(reader: Reader, span: Span): Span {
  reader.pos = span.to
  return span
}

function resourceOf(reader: Reader, { to }: Span): Attributes {
  const pairs: [string, unknown][] = []
  readFields(reader, to, { 1: [BYTES, () => pairs.push(pairOf(reader, spanAt(reader, to), 0))] })
  return Object.fromEntries(pairs)
}

function scopeOf(reader: Reader, { to }: Span): Scope {
  const scope: { name?: string; version?: string } = {}
  const pairs: [string, unknown][] = []
  readFields(reader, to, {
    1: [
      BYTES,
      () => {
        scope.name = reader.string()
      },
    ],
    2: [
      BYTES,
      () => {
        scope.version = reader.string()
      },
    ],
    3: [BYTES, () => pairs.push(pairOf(reader, spanAt(reader, to), 0))],
  })
  return { ...scope, attributes: Object.fromEntries(pairs) }
}

function recordOf({ reader, to }: { reader: Reader; to: number }): LogRecord {
  const record: LogRecord = {}
  const pairs: [string, unknown][] = []
  readFields(reader, to, {
    1: [
      FIXED64,
      () => {
        record.timeUnixNano = fixed64(reader)
      },
    ],
    2: [
      VARINT,
      () => {
        record.severityNumber = reader.int32()
      },
    ],
    3: [
      BYTES,
      () => {
        record.severityText = reader.string()
      },
    ],
    5: [
      BYTES,
      () => {
        record.body = anyValueOf(reader, spanAt(reader, to), 0)
      },
    ],
    6: [BYTES, () => pairs.push(pairOf(reader, spanAt(reader, to), 0))],
    8: [
      FIXED32,
      () => {
        record.flags = reader.fixed32()
      },
    ],
    9: [
      BYTES,
      () => {
        record.traceId = hexOf(reader.bytes())
      },
    ],
    10: [
      BYTES,
      () => {
        record.spanId = hexOf(reader.bytes())
      },
    ],
    11: [
      FIXED64,
      () => {
        record.observedTimeUnixNano = fixed64(reader)
      },
    ],
    12: [
      BYTES,
      () => {
        record.eventName = reader.string()
      },
    ],
  })
  record.attributes = Object.fromEntries(pairs)
  return record
}

function pairOf(reader: Reader, { to }: Span, depth: number): [string, unknown] {
  let key = ''
  let value: unknown = null
  readFields(reader, to, {
    1: [
      BYTES,
      () => {
        key = reader.string()
      },
    ],
    2: [
      BYTES,
      () => {
        value = anyValueOf(reader, spanAt(reader, to), depth + 1)
      },
    ],
  })
  return [key, value]
}

function anyValueOf(reader: Reader, { to }: Span, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new Error(`values are nested deeper than ${MAX_DEPTH} levels`)
  let value: unknown = null
  const set = (read: () => unknown) => () => {
    value = read()
  }
  readFields(reader, to, {
    1: [BYTES, set(() => reader.string())],
    2: [VARINT, set(() => reader.bool())],
    3: [VARINT, set(() => wholeNumber(digitsOf(reader.int64())))],
    4: [FIXED64, set(() => doubleOf(reader.double()))],
    5: [BYTES, set(() => listOf(reader, spanAt(reader, to), depth))],
    6: [BYTES, set(() => pairsOf(reader, spanAt(reader, to), depth))],
    7: [BYTES, set(() => Buffer.from(reader.bytes()).toString('base64'))],
  })
  return value
}

function listOf(reader: Reader, { to }: Span, depth: number): unknown[] {
  const values: unknown[] = []
  readFields(reader, to, { 1: [BYTES, () => values.push(anyValueOf(reader, spanAt(reader, to), depth + 1))] })
  return values
}

function pairsOf(reader: Reader, { to }: Span, depth: number): Attributes {
  const pairs: [string, unknown][] = []
  readFields(reader, to, { 1: [BYTES, () => pairs.push(pairOf(reader, spanAt(reader, to), depth))] })
  return Object.fromEntries(pairs)
}

/** JSON has no NaN and no infinity: they become texts. */
function doubleOf(value: number): unknown {
  return Number.isFinite(value) ? value : String(value)
}

/** Integers of 64 bits come as objects of a library. */
function digitsOf(value: number | { toString(): string }): string {
  return value.toString()
}

function fixed64(reader: Reader): bigint {
  const low = BigInt(reader.fixed32())
  return (BigInt(reader.fixed32()) << 32n) | low
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The answer to a request, with the number of rejected records and the reason. */
export function protobufAnswer(rejected: number, message: string): Buffer {
  const writer = Writer.create()
  if (rejected > 0) {
    writer.uint32((1 << 3) | BYTES).fork()
    writer.uint32((1 << 3) | VARINT).int64(rejected)
    writer.uint32((2 << 3) | BYTES).string(message)
    writer.ldelim()
  }
  return Buffer.from(writer.finish())
}

/** The status that a refusal has as its body. */
export function protobufStatus(message: string): Buffer {
  return Buffer.from(
    Writer.create()
      .uint32((2 << 3) | BYTES)
      .string(message)
      .finish(),
  )
}

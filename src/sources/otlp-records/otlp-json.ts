/** Reads the JSON encoding of a request with log records. */
import {
  type Attributes,
  type LogEvent,
  type LogRecord,
  logEventOf,
  type Scope,
  wholeNumber,
} from './log-event.ts'

const MAX_DEPTH = 100
const INT64 = /^-?\d{1,19}$/
const UINT64 = /^\d{1,20}$/
const EXCERPT_CHARS = 200
/** Brackets and commas that a body may have: each can become an object, which takes far more memory than its bytes. */
const MAX_TOKENS = 2_000_000

type Json = Readonly<Record<string, unknown>>

/** Yields the events in order. Throws for a body that is no such request; a broken record is yielded as refused. */
export function* jsonLogEvents(body: Buffer): Generator<LogEvent> {
  if (tokensOf(body) > MAX_TOKENS)
    throw new Error(`the body exceeds ${MAX_TOKENS} values: send fewer records`)
  const request = objectAt(JSON.parse(body.toString()) as unknown, 'the body')
  for (const resourceLogs of listAt(request, 'resourceLogs')) {
    const resource = attributesOf(optional(objectAt(resourceLogs, 'an element of resourceLogs'), 'resource'))
    for (const scopeLogs of listAt(resourceLogs as Json, 'scopeLogs')) {
      const scope = scopeOf(optional(objectAt(scopeLogs, 'an element of scopeLogs'), 'scope'))
      for (const record of listAt(scopeLogs as Json, 'logRecords')) yield eventOf(record, resource, scope)
    }
  }
}

function tokensOf(body: Buffer): number {
  let count = 0
  for (const byte of body) if (byte === 0x7b || byte === 0x5b || byte === 0x2c) count++
  return count
}

function eventOf(record: unknown, resource: Attributes, scope: Scope): LogEvent {
  try {
    return logEventOf(recordOf(objectAt(record, 'a log record')), resource, scope)
  } catch (error) {
    const excerpt = (JSON.stringify(record) ?? '').slice(0, EXCERPT_CHARS).toWellFormed()
    return { raw: excerpt, refused: error instanceof Error ? error.message : String(error), uid: null }
  }
}

function recordOf(json: Json): LogRecord {
  const record: LogRecord = { attributes: attributesOf(json) }
  const time = nanosecondsAt(json, 'timeUnixNano')
  const observed = nanosecondsAt(json, 'observedTimeUnixNano')
  if (time !== null) record.timeUnixNano = time
  if (observed !== null) record.observedTimeUnixNano = observed
  record.severityNumber = numberAt(json, 'severityNumber')
  record.flags = numberAt(json, 'flags')
  record.severityText = textAt(json, 'severityText')
  record.traceId = textAt(json, 'traceId').toLowerCase()
  record.spanId = textAt(json, 'spanId').toLowerCase()
  record.eventName = textAt(json, 'eventName')
  if (isPresent(json.body)) record.body = anyValueOf(objectAt(json.body, 'body'), 0)
  return record
}

function scopeOf(json: Json): Scope {
  return { name: textAt(json, 'name'), version: textAt(json, 'version'), attributes: attributesOf(json) }
}

function attributesOf(json: Json, depth = 0): Attributes {
  return pairsOf(listAt(json, 'attributes'), depth)
}

/** The last of several values under one key counts. */
function pairsOf(list: readonly unknown[], depth: number): Attributes {
  return Object.fromEntries(
    list.map((element) => {
      const pair = objectAt(element, 'an attribute')
      const value = isPresent(pair.value) ? anyValueOf(objectAt(pair.value, 'a value'), depth + 1) : null
      return [textAt(pair, 'key'), value]
    }),
  )
}

function anyValueOf(json: Json, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new Error(`values are nested deeper than ${MAX_DEPTH} levels`)
  if (isPresent(json.stringValue)) return textAt(json, 'stringValue')
  if (isPresent(json.boolValue)) return json.boolValue === true
  if (isPresent(json.intValue)) return wholeNumber(digitsAt(json, 'intValue', INT64))
  if (isPresent(json.doubleValue)) return doubleOf(json.doubleValue)
  if (isPresent(json.bytesValue)) return textAt(json, 'bytesValue')
  if (isPresent(json.arrayValue)) {
    const values = listAt(objectAt(json.arrayValue, 'arrayValue'), 'values')
    return values.map((each) => anyValueOf(objectAt(each, 'a value'), depth + 1))
  }
  if (isPresent(json.kvlistValue))
    return pairsOf(listAt(objectAt(json.kvlistValue, 'kvlistValue'), 'values'), depth)
  return null
}

/** JSON has no NaN and no infinity: they are texts, as in the encoding. */
function doubleOf(value: unknown): unknown {
  if (typeof value === 'number') return value
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : String(value)
}

function nanosecondsAt(json: Json, key: string): bigint | null {
  return isPresent(json[key]) ? BigInt(digitsAt(json, key, UINT64)) : null
}

/** Integers of 64 bits are texts or numbers. */
function digitsAt(json: Json, key: string, pattern: RegExp): string {
  const value = json[key]
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  if (!pattern.test(text)) throw new Error(`${key} is not an integer`)
  return String(BigInt(text))
}

function numberAt(json: Json, key: string): number {
  const value = json[key] ?? 0
  if (typeof value !== 'number') throw new Error(`${key} is not a number`)
  return value
}

function textAt(json: Json, key: string): string {
  const value = json[key] ?? ''
  if (typeof value !== 'string') throw new Error(`${key} is not a text`)
  return value
}

function listAt(json: Json, key: string): readonly unknown[] {
  const value = json[key] ?? []
  if (!Array.isArray(value)) throw new Error(`${key} is not a list`)
  return value
}

function optional(json: Json, key: string): Json {
  return isPresent(json[key]) ? objectAt(json[key], key) : {}
}

function objectAt(value: unknown, what: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new Error(`${what} is not an object`)
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

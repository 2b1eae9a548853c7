/** Times of records: read from what logs write, written as `p_*` fields carry them. No text is given to `Date`. */

/** A moment with the digits that its text had. */
export interface EventTime {
  /** Epoch milliseconds. */
  readonly ms: number
  /** The nanoseconds within the millisecond. */
  readonly nanoseconds: number
}

/** Years 1 to 9999: no other year has the four digits of `p_event_time`. */
const FIRST_MS = -62_135_596_800_000
const LAST_MS = 253_402_300_799_999
const NANOSECONDS = 1_000_000n

/** An epoch number below the limit has this unit; each limit is the year 5138, and 1973 in the next unit. */
const EPOCH_UNITS: readonly (readonly [limit: bigint, nanoseconds: bigint])[] = [
  [10n ** 11n, 10n ** 9n],
  [10n ** 14n, 10n ** 6n],
  [10n ** 17n, 10n ** 3n],
  [10n ** 20n, 1n],
]
const DECIMAL = /^(-?)(\d{1,20})(?:\.(\d+))?$/

const CLOCK = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?`
const ZONE = String.raw`(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)`
/** ISO 8601 and RFC 3339, a space for the T and slashes for the dashes; UTC where it names no offset. */
const ISO = new RegExp(`^(\\d{4})[-/](\\d\\d)[-/](\\d\\d)(?:[T ]${CLOCK} ?${ZONE}?)?$`, 'i')
/** RFC 5322, as in `Fri, 02 Jan 2026 03:04:05 +0000`, and the log format of web servers. */
const NAMED_MONTH = new RegExp(
  `^(?:[a-z]{3}, )?(\\d\\d?)[ /]([a-z]{3})[ /](\\d{4})[ :]${CLOCK} ${ZONE}$`,
  'i',
)
const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec'

/** Null when the value is no time, such as 30 February or a number of no unit. */
export function readEventTime(value: unknown): EventTime | null {
  if (typeof value === 'number') return fromEpoch(String(value))
  if (typeof value !== 'string') return null
  const text = value.trim()
  return fromEpoch(text) ?? fromIso(text) ?? fromNamedMonth(text)
}

/** Epoch milliseconds of an ISO-like text or an epoch number; null when unreadable. */
export function parseEventTime(value: unknown): number | null {
  return readEventTime(value)?.ms ?? null
}

/** `2026-01-31 23:59:59.123456789`, UTC: how `p_event_time` and `p_parse_time` are written. */
export function formatEventTime(ms: number, nanoseconds = 0): string {
  if (ms !== formatted.ms || nanoseconds !== formatted.nanoseconds) {
    formatted = { ms, nanoseconds, text: format(ms, nanoseconds) }
  }
  return formatted.text
}

/** Events that arrive together carry one time. */
let formatted = { ms: 0, nanoseconds: 0, text: format(0, 0) }

function format(ms: number, nanoseconds: number): string {
  const text = new Date(ms).toISOString().slice(0, -1).replace('T', ' ')
  return `${text}${String(nanoseconds).padStart(6, '0')}`
}

function fromEpoch(text: string): EventTime | null {
  const match = DECIMAL.exec(text)
  if (!match) return null
  const [, sign = '', whole = '', fraction = ''] = match
  const unit = EPOCH_UNITS.find(([limit]) => BigInt(whole) < limit)?.[1]
  if (unit === undefined) return null
  const digits = String(unit).length - 1
  const magnitude = BigInt(whole) * unit + BigInt(fraction.slice(0, digits).padEnd(digits, '0') || '0')
  const total = sign === '-' ? -magnitude : magnitude
  const within = ((total % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
  return eventTime(Number((total - within) / NANOSECONDS), Number(within))
}

function fromIso(text: string): EventTime | null {
  const match = ISO.exec(text)
  if (!match) return null
  const [, year, month, day, ...clock] = match
  return fromFields(Number(year), Number(month), Number(day), clock)
}

function fromNamedMonth(text: string): EventTime | null {
  const match = NAMED_MONTH.exec(text)
  if (!match) return null
  const [, day, name = '', year, ...clock] = match
  const at = MONTHS.indexOf(name.toLowerCase())
  return at % 3 === 0 ? fromFields(Number(year), at / 3 + 1, Number(day), clock) : null
}

function fromFields(
  year: number,
  month: number,
  day: number,
  [hour = '0', minute = '0', second = '0', fraction = '', zone]: (string | undefined)[],
): EventTime | null {
  const offset = offsetMinutes(zone)
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
  const isClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  if (!isDay || !isClock || offset === null) return null
  const nanoseconds = fraction.slice(0, 9).padEnd(9, '0')
  // Two digits of a year would be years of the last century to `Date.UTC`.
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day)
  const minutes = Number(hour) * 60 + Number(minute) - offset
  const ms = midnight + minutes * 60_000 + Number(second) * 1_000 + Number(nanoseconds.slice(0, 3))
  return eventTime(ms, Number(nanoseconds.slice(3)))
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Null where it is impossible. */
function offsetMinutes(zone = 'Z'): number | null {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  if (sign === undefined) return 0
  if (Number(hours) > 23 || Number(minutes) > 59) return null
  const offset = Number(hours) * 60 + Number(minutes)
  return sign === '-' ? -offset : offset
}

function eventTime(ms: number, nanoseconds: number): EventTime | null {
  return ms >= FIRST_MS && ms <= LAST_MS ? { ms, nanoseconds } : null
}

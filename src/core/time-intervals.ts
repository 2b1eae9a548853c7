/**
 * Weekly hours in a time zone: whether they are open at a time, and when they open or close next. The wall clock of the
 * zone decides, so that a time which a change of the clock skips begins at the first instant after the change, and a time
 * that comes twice counts both times.
 */

/** Minutes of the wall clock since midnight. A range whose end is not after its start ends on the next day. */
export interface MinuteRange {
  readonly from: number
  readonly until: number
}

/** Numbers of days since 1970-01-01, both ends included. */
export interface DayRange {
  readonly from: number
  readonly until: number
}

export interface TimeInterval {
  readonly name: string
  /** A name of the IANA database. */
  readonly timezone: string
  /** Days of the week on which ranges begin; 0 is Sunday. */
  readonly weekdays: readonly number[]
  readonly times: readonly MinuteRange[]
  /** No range begins on these days. */
  readonly except: readonly DayRange[]
}

/** Intervals are searched this far ahead. */
const MAX_SEARCH_DAYS = 400

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4

/** A period between two instants, epoch ms; the end is not in it. */
interface Span {
  readonly from: number
  readonly until: number
}

export function isOpenAt(interval: TimeInterval, at: number): boolean {
  const wall = at + offsetAt(interval.timezone, at)
  return wallSpans(interval, wall, wall + 1).length > 0
}

/** Epoch ms of the first instant from `at` on at which one of the intervals is open; null: none opens within 400 days. */
export function nextOpening(intervals: readonly TimeInterval[], at: number): number | null {
  const openings = intervals.flatMap((interval) => firstOpening(interval, at) ?? [])
  return openings.length > 0 ? Math.min(...openings) : null
}

/** Epoch ms of the first instant from `at` on at which all intervals are closed; null: none comes within 400 days. */
export function nextClose(intervals: readonly TimeInterval[], at: number): number | null {
  const end = at + MAX_SEARCH_DAYS * DAY_MS
  let present = at
  for (;;) {
    const open = intervals.filter((interval) => isOpenAt(interval, present))
    if (open.length === 0) return present
    const closes = open.map((interval) => firstClose(interval, present))
    if (closes.some((close) => close === null)) return null
    present = Math.max(...closes.map((close) => close!))
    if (present >= end) return null
  }
}

/** True for a name of the IANA database. An offset such as +01:00 is none, because it knows no summer time. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return offsetFormat(name) !== undefined
  } catch {
    return false
  }
}

/** An instant on the wall clock of a timezone, for people: `Mon 2026-12-07 08:00 Europe/Berlin`. */
export function wallClockText(at: number, timezone: string): string {
  const text = new Date(at + offsetAt(timezone, at)).toISOString()
  const weekday = WEEKDAYS[new Date(at + offsetAt(timezone, at)).getUTCDay()]!
  return `${weekday} ${text.slice(0, 10)} ${text.slice(11, 16)} ${timezone}`
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

function firstOpening(interval: TimeInterval, at: number): number | null {
  for (const { from, until } of openSpans(interval, at)) if (until > at) return Math.max(from, at)
  return null
}

/** It must be open at this time. */
function firstClose(interval: TimeInterval, at: number): number | null {
  let close = at
  for (const { from, until } of openSpans(interval, at)) {
    if (from > close) return close
    close = Math.max(close, until)
  }
  return close < at + MAX_SEARCH_DAYS * DAY_MS ? close : null
}

/** The periods in which it is open from this time on, in their order. Periods that touch each other are not joined. */
function* openSpans(interval: TimeInterval, at: number): Generator<Span> {
  for (let day = 0; day < MAX_SEARCH_DAYS; day++) {
    const from = at + day * DAY_MS
    for (const { span, offset } of evenSpans(interval.timezone, from, from + DAY_MS)) {
      const wall = wallSpans(interval, span.from + offset, span.until + offset)
      for (const each of wall) yield { from: each.from - offset, until: each.until - offset }
    }
  }
}

/** Cuts a period of at most a day where the clock of the zone is changed. */
function evenSpans(
  timezone: string,
  from: number,
  until: number,
): readonly { readonly span: Span; readonly offset: number }[] {
  const offset = offsetAt(timezone, from)
  const later = offsetAt(timezone, until - 1)
  if (offset === later) return [{ span: { from, until }, offset }]
  const change = firstChange(timezone, from, until - 1)
  return [
    { span: { from, until: change }, offset },
    { span: { from: change, until }, offset: later },
  ]
}

/** The first instant with another offset than the start; the end must have one. */
function firstChange(timezone: string, from: number, until: number): number {
  const offset = offsetAt(timezone, from)
  let [before, after] = [from, until]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(timezone, middle) === offset) before = middle
    else after = middle
  }
  return after
}

/** Times of the wall clock, as ms since midnight of 1970-01-01, at which it is open within this period. */
function wallSpans({ weekdays, times, except }: TimeInterval, from: number, until: number): Span[] {
  const spans: Span[] = []
  // A range that began on the day before can reach into the first day.
  for (let day = Math.floor(from / DAY_MS) - 1; day * DAY_MS < until; day++) {
    const isExcepted = except.some((range) => range.from <= day && day <= range.until)
    if (isExcepted || !weekdays.includes(weekdayOf(day))) continue
    for (const time of times) {
      const lasting = time.until > time.from ? 0 : DAY_MS
      const start = Math.max(from, day * DAY_MS + time.from * MINUTE_MS)
      const end = Math.min(until, day * DAY_MS + time.until * MINUTE_MS + lasting)
      if (start < end) spans.push({ from: start, until: end })
    }
  }
  return spans.sort((a, b) => a.from - b.from)
}

function weekdayOf(day: number): number {
  return (((day + FIRST_WEEKDAY) % 7) + 7) % 7
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Throws a RangeError for an unknown timezone. */
function offsetFormat(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' })
    formats.set(timezone, format)
  }
  return format
}

/** Milliseconds by which the wall clock of a timezone is ahead of UTC. */
function offsetAt(timezone: string, at: number): number {
  const text = offsetFormat(timezone).format(at)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? []
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
  return sign === '-' ? -ms : ms
}

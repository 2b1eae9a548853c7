import { Temporal } from '@js-temporal/polyfill'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isOpenAt,
  isTimezone,
  nextClose,
  nextOpening,
  type TimeInterval,
  wallClockText,
} from '../../src/core/time-intervals.ts'

const QUARTER_MS = 15 * 60_000
const SCANNED_QUARTERS = 9 * 96

function interval(over: Partial<TimeInterval> = {}): TimeInterval {
  return {
    name: 'hours',
    timezone: 'Europe/Berlin',
    weekdays: [0, 1, 2, 3, 4, 5, 6],
    times: [{ from: 0, until: 24 * 60 }],
    except: [],
    ...over,
  }
}

const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds
const clock = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
const range = (text: string) => {
  const [from = '', until = ''] = text.split('-')
  return { from: clock(from), until: clock(until) }
}
const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

/** Whether it is open, by another implementation of time zones: the wall clock of each of the two days that count. */
function isOpenByOracle({ timezone, weekdays, times, except }: TimeInterval, ms: number): boolean {
  const wall = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDateTime()
  return [0, 1].some((back) => {
    const date = wall.toPlainDate().subtract({ days: back })
    const day = Math.floor(Date.UTC(date.year, date.month - 1, date.day) / 86_400_000)
    if (!weekdays.includes(date.dayOfWeek % 7)) return false
    if (except.some(({ from, until }) => from <= day && day <= until)) return false
    const minute = wall.hour * 60 + wall.minute + back * 1_440
    return times.some(({ from, until }) => from <= minute && minute < (until > from ? until : until + 1_440))
  })
}

const TIMEZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'UTC',
]
const SOME_DAYS = 86_400_000
const aRange = fc
  .tuple(fc.nat(95), fc.nat(95))
  .filter(([from, until]) => from !== until)
  .map(([from, until]) => ({ from: from * 15, until: until * 15 }))
const anInterval = fc.record({
  name: fc.constant('hours'),
  timezone: fc.constantFrom(...TIMEZONES),
  weekdays: fc.uniqueArray(fc.nat(6), { minLength: 1 }),
  times: fc.array(aRange, { minLength: 1, maxLength: 2 }),
  except: fc.constant([]),
})

/** Instants at quarters of an hour: around a change of the clock of the zone, or anywhere. */
function anInstant(timezone: string): fc.Arbitrary<number> {
  const start = fc.integer({ min: 0, max: 20 * 365 }).map((days) => Date.UTC(2010, 0, 1) + days * SOME_DAYS)
  const near = fc.tuple(start, fc.integer({ min: -200, max: 60 })).map(([from, quarters]) => {
    const change = Temporal.Instant.fromEpochMilliseconds(from)
      .toZonedDateTimeISO(timezone)
      .getTimeZoneTransition('next')
    return (change?.epochMilliseconds ?? from) + quarters * QUARTER_MS
  })
  return fc.oneof(
    near,
    fc.tuple(start, fc.nat(95)).map(([from, quarters]) => from + quarters * QUARTER_MS),
  )
}

const aCase = anInterval.chain((each) => fc.tuple(fc.constant(each), anInstant(each.timezone)))

describe('time intervals', () => {
  it('are open by the wall clock of their time zone, as Temporal has it', () => {
    fc.assert(
      fc.property(aCase, fc.nat(QUARTER_MS - 1), ([each, start], more) => {
        expect(isOpenAt(each, start + more)).toBe(isOpenByOracle(each, start + more))
      }),
      { numRuns: 300 },
    )
  })

  it('open and close next where Temporal finds the first quarter of an hour that is open or closed', () => {
    fc.assert(
      fc.property(aCase, ([each, start]) => {
        const quarters = Array.from({ length: SCANNED_QUARTERS }, (_, i) => start + i * QUARTER_MS)
        const opening = nextOpening([each], start)
        const close = nextClose([each], start)
        const firstOpen = quarters.find((ms) => isOpenByOracle(each, ms))
        const firstClosed = quarters.find((ms) => !isOpenByOracle(each, ms))
        const end = start + SCANNED_QUARTERS * QUARTER_MS
        if (firstOpen !== undefined) expect(iso(opening)).toBe(iso(firstOpen))
        else expect(opening ?? end).toBeGreaterThanOrEqual(end)
        if (firstClosed !== undefined) expect(iso(close)).toBe(iso(firstClosed))
        else expect(close ?? end).toBeGreaterThanOrEqual(end)
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    [
      'a time that summer time skips begins at the first instant after',
      '02:30-04:00',
      '2026-03-29T00:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
    [
      'a range that lies in the hour that is skipped does not come that day',
      '02:15-02:45',
      '2026-03-29T00:00Z',
      '2026-03-30T00:15:00.000Z',
    ],
    ['the first of two equal times counts', '02:30-02:45', '2026-10-25T00:00Z', '2026-10-25T00:30:00.000Z'],
    ['and so does the second', '02:30-02:45', '2026-10-25T00:45Z', '2026-10-25T01:30:00.000Z'],
  ])('%s', (_, times, from, opening) => {
    expect(iso(nextOpening([interval({ times: [range(times)] })], at(from)))).toBe(opening)
  })

  it('are closed on excepted days, and a range that begins before such a day ends in it', () => {
    const night = interval({
      times: [range('22:00-06:00')],
      except: [{ from: dayOf('2026-12-24'), until: dayOf('2026-12-26') }],
    })
    expect(isOpenAt(night, at('2026-12-24T03:00:00+01:00'))).toBe(true)
    expect(isOpenAt(night, at('2026-12-24T23:00:00+01:00'))).toBe(false)
    expect(isOpenAt(night, at('2026-12-27T03:00:00+01:00'))).toBe(false)
    expect(iso(nextOpening([night], at('2026-12-24T06:00:00+01:00')))).toBe('2026-12-27T21:00:00.000Z')
  })

  it('are open together when one of them is', () => {
    const morning = interval({ times: [range('08:00-12:00')], weekdays: [1] })
    const afternoon = interval({ times: [range('11:00-18:00')], weekdays: [1] })
    const monday = at('2026-12-07T09:00:00+01:00')
    expect(iso(nextClose([morning, afternoon], monday))).toBe('2026-12-07T17:00:00.000Z')
    expect(iso(nextOpening([afternoon, morning], monday - SOME_DAYS))).toBe('2026-12-07T07:00:00.000Z')
  })

  it('that are always open never close, and those without a day never open', () => {
    const now = at('2026-12-07T09:00Z')
    expect(nextClose([interval()], now)).toBeNull()
    expect(nextOpening([interval({ weekdays: [] })], now)).toBeNull()
    expect(nextClose([interval({ weekdays: [] })], now)).toBe(now)
  })

  it('know names of the IANA database only', () => {
    expect(['Europe/Berlin', 'UTC', 'Europe/Berlyn', '+01:00', ''].map(isTimezone)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  it('are written by the wall clock', () => {
    expect(wallClockText(at('2026-12-07T07:00Z'), 'Europe/Berlin')).toBe('Mon 2026-12-07 08:00 Europe/Berlin')
  })
})

function dayOf(date: string): number {
  return Math.floor(Date.parse(date) / SOME_DAYS)
}

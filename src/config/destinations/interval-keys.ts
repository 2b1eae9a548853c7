/** Reads and checks `intervals` of destinations.yaml. */
import { nearest } from '../../core/did-you-mean.ts'
import {
  type DayRange,
  isTimezone,
  type MinuteRange,
  nextOpening,
  type TimeInterval,
} from '../../core/time-intervals.ts'
import { systemClock } from '../../model/ports.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'

/** An interval of a file that fits the schema. */
export interface DeclaredInterval {
  readonly timezone: string
  readonly days?: readonly string[]
  readonly times?: readonly string[]
  readonly except?: readonly string[]
}

export interface YamlDocument {
  readonly source: SourceText
  readonly node: MappingNode
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const DAY_MS = 86_400_000

/** Intervals with an error are left out. */
export function readIntervals(
  declared: Readonly<Record<string, DeclaredInterval>>,
  { source, node }: YamlDocument,
  problems: ProblemList,
): TimeInterval[] {
  return Object.entries(declared).flatMap(([name, each]) => {
    const report = (key: string, message: string, hint: string | null) =>
      problems.error(source, nodeAt(node, `/intervals/${name}/${key}`).offset, {
        code: 'bad-value',
        message,
        hint,
      })
    const interval = readInterval(name, each, report)
    if (interval && nextOpening([interval], systemClock.now()) === null) {
      problems.warning(source, nodeAt(node, `/intervals/${name}`).offset, {
        code: 'idle-interval',
        message: `the interval ${name} does not open within 400 days`,
        hint: 'correct its days and the dates in `except`',
      })
    }
    return interval ?? []
  })
}

type Report = (key: string, message: string, hint: string | null) => void

function readInterval(
  name: string,
  { timezone, days, times, except = [] }: DeclaredInterval,
  report: Report,
): TimeInterval | null {
  let isValid = true
  const refuse: Report = (...problem) => {
    isValid = false
    report(...problem)
  }
  if (!isTimezone(timezone)) refuse('timezone', `unknown time zone "${timezone}"`, timezoneHint(timezone))
  const interval = {
    name,
    timezone,
    weekdays: days ? [...new Set(days.flatMap(weekdaysOf))] : [0, 1, 2, 3, 4, 5, 6],
    times: times ? times.map(minutesOf) : [{ from: 0, until: 24 * 60 }],
    except: except.map(datesOf),
  }
  for (const [i, { from, until }] of interval.times.entries()) {
    if (from === until) {
      refuse(
        `times/${i}`,
        `the time ${times![i]} ends when it begins`,
        'for the whole day, write "00:00-24:00"',
      )
    }
  }
  for (const [i, range] of interval.except.entries()) {
    const message = faultOfDates(except[i]!, range)
    if (message) refuse(`except/${i}`, message, null)
  }
  return isValid ? interval : null
}

function timezoneHint(name: string): string {
  const near = nearest(name, Intl.supportedValuesOf('timeZone'))
  return near ? `did you mean "${near}"?` : 'write a name of the IANA database, for example Europe/Berlin'
}

function weekdaysOf(text: string): number[] {
  const [first = '', last = first] = text.split('-')
  const [from, until] = [WEEKDAYS.indexOf(first), WEEKDAYS.indexOf(last)]
  const count = ((until - from + 7) % 7) + 1
  return Array.from({ length: count }, (_, i) => (from + i) % 7)
}

function minutesOf(text: string): MinuteRange {
  const [from = 0, until = 0] = text.split('-').map((time) => {
    const [hours, minutes] = time.split(':')
    return Number(hours) * 60 + Number(minutes)
  })
  return { from, until }
}

function datesOf(text: string): DayRange {
  const [from = Number.NaN, until = from] = text.split('..').map(dayOf)
  return { from, until }
}

/** The number of the day since 1970-01-01; NaN for a date that does not exist. */
function dayOf(date: string): number {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return new Date(ms || 0).toISOString().startsWith(date) ? ms / DAY_MS : Number.NaN
}

function faultOfDates(text: string, { from, until }: DayRange): string | null {
  if (Number.isNaN(from) || Number.isNaN(until)) return `${text} is not a date of the calendar`
  return from > until ? `${text} ends before it begins` : null
}

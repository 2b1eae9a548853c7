/** Formats the times of detections as tables with bars, and as JSON. Pure. */
import { counted, type Style } from '../../reporters/parts/terminal-text.ts'
import type { Measurement } from '../../workspace/guards/measure-detections.ts'
import { table } from './table.ts'

const BAR_CHARS = 20
const MAX_FUNCTIONS = 20

export function benchText(measured: readonly Measurement[], style: Style): string {
  const most = Math.max(...measured.flatMap(({ usPerEvent }) => Object.values(usPerEvent)))
  const rows = measured.map(({ detection, events, decided, guardUs, usPerEvent }) => [
    detection,
    String(events),
    String(decided),
    microseconds(guardUs),
    microseconds(usPerEvent.withoutGuards),
    microseconds(usPerEvent.withGuards),
    bar(usPerEvent.withGuards, usPerEvent.withoutGuards, most),
  ])
  const header = [
    'detection',
    'events',
    'decided',
    'guard µs',
    'without µs',
    'with µs',
    'with █, without ░, logarithmic',
  ]
  return [table(header, rows, style), functionTable(measured, style), `${totalText(measured)}\n`].join('\n')
}

function functionTable(measured: readonly Measurement[], style: Style): string {
  const all = measured.flatMap(({ detection, functions }) =>
    functions.map((each) => ({ detection, ...each })),
  )
  const slowest = all.toSorted((a, b) => b.us - a.us).slice(0, MAX_FUNCTIONS)
  const most = slowest[0]?.us ?? 0
  const rows = slowest.map(({ detection, name, calls, us }) => [
    detection,
    `${name}()`,
    String(calls),
    microseconds(us),
    bar(us, us, most),
  ])
  return table(['detection', 'slowest functions', 'events', 'µs', ''], rows, style)
}

/**
 * The part with guards is solid, and what guards save is light. The scale is logarithmic, because one detection may cost a
 * thousand times what the others do.
 */
function bar(solid: number, whole: number, most: number): string {
  const chars = (value: number) =>
    most === 0 ? 0 : Math.round((Math.log1p(value) * BAR_CHARS) / Math.log1p(most))
  return '█'.repeat(chars(solid)) + '░'.repeat(Math.max(0, chars(whole) - chars(solid)))
}

function microseconds(us: number | null): string {
  if (us === null) return '-'
  return us < 100 ? us.toFixed(1) : String(Math.round(us))
}

function totalText(measured: readonly Measurement[]): string {
  const sum = (of: (each: Measurement) => number) => measured.reduce((total, each) => total + of(each), 0)
  const [events, decided] = [sum((each) => each.events), sum((each) => each.decided)]
  const cost = (kind: keyof Measurement['usPerEvent']) =>
    microseconds(sum((each) => each.usPerEvent[kind] * each.events) / events)
  const share = `guards decided ${decided} of ${counted(events, 'evaluation')} (${Math.floor((decided * 100) / events)} %)`
  return `${share}: ${cost('withGuards')} µs each with guards, ${cost('withoutGuards')} µs without`
}

/** The shape is stable and documented in docs/cli.md. */
export function benchJson(measured: readonly Measurement[]): string {
  return `${JSON.stringify({ version: 1, detections: measured }, null, 2)}\n`
}

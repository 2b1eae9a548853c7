/** Draws the number of alerts of each day as bars, for one revision or for two side by side. Pure. */
import { escapeMarkup } from './_chart.ts'

export interface DayCounts {
  /** The name of the revision. */
  readonly name: string
  /** `2026-01-31` -> 3. */
  readonly perDay: Readonly<Record<string, number>>
}

const WIDTH = 860
const HEIGHT = 200
const LEFT = 52
const TOP = 12
const BOTTOM = 26
const DAY_MS = 86_400_000
/** A longer period is drawn as weeks, of which the first day is named. */
const MAX_DAYS_DRAWN = 120
const MAX_BAR = 40

/** @param series the revision of the first one is drawn in the quiet colour if there are two. */
export function drawDays(series: readonly DayCounts[]): string {
  const starts = periodsOf(series)
  if (starts.length === 0) return ''
  const days = starts.length > 1 ? (starts[1]! - starts[0]!) / DAY_MS : 1
  const counts = series.map(({ perDay }) => starts.map((at) => countWithin(perDay, at, at + days * DAY_MS)))
  const top = Math.max(1, ...counts.flat())
  const slot = (WIDTH - LEFT) / starts.length
  const bar = Math.min(MAX_BAR, (slot * 0.8) / series.length)
  const y = (count: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / top)
  const bars = starts.flatMap((at, i) =>
    series.map(({ name }, n) => {
      const count = counts[n]![i]!
      const x = LEFT + slot * i + (slot - bar * series.length) / 2 + bar * n
      const title = `${dayText(at)}${days > 1 ? ' and 6 days' : ''}, ${name}: ${count}`
      const kind = n === series.length - 1 ? 'after' : 'before'
      return `<rect class="${kind}" x="${round(x)}" y="${round(y(count))}" width="${round(bar)}" height="${round(HEIGHT - BOTTOM - y(count))}"><title>${escapeMarkup(title)}</title></rect>`
    }),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Alerts per ${days > 1 ? 'week' : 'day'}">`,
    ...axis(top, y),
    ...bars,
    ...dayLabels(starts, slot),
    '</svg>',
  ].join('\n')
}

/** The beginnings of all days or weeks from the first to the last alert, epoch ms. */
function periodsOf(series: readonly DayCounts[]): number[] {
  const days = series.flatMap(({ perDay }) => Object.keys(perDay)).sort()
  if (days.length === 0) return []
  const [first, last] = [Date.parse(days[0]!), Date.parse(days.at(-1)!)]
  const step = (last - first) / DAY_MS < MAX_DAYS_DRAWN ? DAY_MS : 7 * DAY_MS
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step)
}

function countWithin(perDay: Readonly<Record<string, number>>, from: number, until: number): number {
  return Object.entries(perDay).reduce((sum, [day, count]) => {
    const at = Date.parse(day)
    return at >= from && at < until ? sum + count : sum
  }, 0)
}

function axis(top: number, y: (count: number) => number): string[] {
  const marks = new Set([0, Math.round(top / 2), top])
  return [...marks].map(
    (count) =>
      `<line class="line" x1="${LEFT}" x2="${WIDTH}" y1="${round(y(count))}" y2="${round(y(count))}"/><text class="quiet" x="${LEFT - 8}" y="${round(y(count) + 4)}" text-anchor="end">${count.toLocaleString('en-US')}</text>`,
  )
}

/** The number of labels is at most eight, so that they do not overlap. */
function dayLabels(starts: readonly number[], slot: number): string[] {
  const step = Math.ceil(starts.length / 8)
  return starts.flatMap((at, i) =>
    i % step === 0
      ? [
          `<text class="quiet" x="${round(LEFT + slot * (i + 0.5))}" y="${HEIGHT - 8}" text-anchor="middle">${dayText(at)}</text>`,
        ]
      : [],
  )
}

function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

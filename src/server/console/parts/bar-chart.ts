/** A chart of stacked bars over time, made on the server, with the same figures as a table. Pure. */
import type { Period } from '../console-ports.ts'
import { type Html, html } from './html-template.ts'
import { capital, exactTime, wholeNumberText } from './words.ts'

const WIDTH = 520
const HEIGHT = 170
const LEFT = 44
const BOTTOM = 22
const TOP = 8
const GAP = 0.2

export interface ChartSubject {
  readonly id: string
  readonly title: string
  readonly unit: 'hour' | 'day'
  /** What the bars distinguish, the lowest part first. Each is also a class of the stylesheet. */
  readonly parts: readonly string[]
  readonly periods: readonly Period[]
  /** The time from which on everything is counted. */
  readonly from: number
}

export function barChart(subject: ChartSubject): Html {
  const { id, title, parts, periods, from } = subject
  const totals = periods.map(({ counts }) => parts.reduce((sum, part) => sum + (counts[part] ?? 0), 0))
  const sum = totals.reduce((all, total) => all + total, 0)
  const top = niceMaximum(Math.max(1, ...totals))
  return html`<figure class="chart card" aria-labelledby="${id}"><figcaption><h2 id="${id}">${title}</h2><span class="quiet-text">${wholeNumberText(sum)} in all</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${wholeNumberText(sum)} in all. The figures are in the table below.">
${gridLines(top)}${periods.map((period, i) => bar(period, i, top, subject))}${ticks(subject)}</svg>
<ul class="legend">${parts.toReversed().map((part) => html`<li><span class="swatch ${part}"></span>${capital(part)}</li>`)}</ul>
${from > periods[0]!.from && html`<p class="quiet-text">Older than ${exactTime(from)} is not counted.</p>`}
<details><summary>Show the figures</summary>${figuresTable(subject)}</details></figure>`
}

/** The next number that is 1, 2, 4, 5 or 10 times a power of ten, so that half of it is a number to read, too. */
function niceMaximum(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 4, 5, 10].find((each) => each * power >= value)!
  return Math.max(2, factor * power)
}

function yOf(value: number, top: number): number {
  return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function gridLines(top: number): Html[] {
  return [0, top / 2, top].map(
    (value) =>
      html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${yOf(value, top)}" y2="${yOf(value, top)}"/><text class="axis" x="${LEFT - 8}" y="${yOf(value, top) + 4}" text-anchor="end">${shortNumber(value)}</text>`,
  )
}

function shortNumber(value: number): string {
  return value >= 1_000_000 ? `${value / 1_000_000}M` : value >= 1_000 ? `${value / 1_000}k` : String(value)
}

function bar(period: Period, index: number, top: number, subject: ChartSubject): Html {
  const step = (WIDTH - LEFT) / subject.periods.length
  const x = round(LEFT + index * step + (step * GAP) / 2)
  const width = round(step * (1 - GAP))
  let below = 0
  const rects = subject.parts.map((part) => {
    const count = period.counts[part] ?? 0
    if (count === 0) return null
    const y = yOf(below + count, top)
    const height = round(yOf(below, top) - y)
    below += count
    return html`<rect class="${part}" x="${x}" y="${y}" width="${width}" height="${height}"><title>${periodText(period.from, subject.unit)}: ${count} ${part}</title></rect>`
  })
  return html`${rects}`
}

function ticks({ periods, unit }: ChartSubject): Html[] {
  const step = (WIDTH - LEFT) / periods.length
  const every = Math.ceil(periods.length / 6)
  return periods.flatMap(({ from }, i) =>
    i % every === 0
      ? [
          html`<text class="axis" x="${round(LEFT + i * step + step / 2)}" y="${HEIGHT - 6}" text-anchor="middle">${tickText(from, unit)}</text>`,
        ]
      : [],
  )
}

function tickText(at: number, unit: 'hour' | 'day'): string {
  const text = new Date(at).toISOString()
  return unit === 'hour' ? text.slice(11, 16) : text.slice(5, 10)
}

function periodText(at: number, unit: 'hour' | 'day'): string {
  const text = new Date(at).toISOString()
  return unit === 'hour' ? `${text.slice(0, 10)} ${text.slice(11, 16)} UTC` : text.slice(0, 10)
}

/** The latest period first; periods without anything are left out. */
function figuresTable({ title, parts, periods, unit }: ChartSubject): Html {
  const some = periods.filter(({ counts }) => parts.some((part) => (counts[part] ?? 0) > 0)).toReversed()
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Figures of: ${title}"><table><thead><tr><th scope="col">${capital(unit)}</th>${parts.map(
    (part) => html`<th scope="col" class="number">${capital(part)}</th>`,
  )}</tr></thead><tbody>${some.map(
    ({ from, counts }) =>
      html`<tr><th scope="row" class="nowrap">${periodText(from, unit)}</th>${parts.map((part) => html`<td class="number">${wholeNumberText(counts[part] ?? 0)}</td>`)}</tr>`,
  )}</tbody></table></div>`
}

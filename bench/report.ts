/** Figures -> a table for people and JSON for later comparison. Pure. */
import { type Figure, summarise } from './figure.ts'
import type { Machine } from './machine.ts'

export interface Section {
  readonly title: string
  readonly figures: readonly Figure[]
}

export function table(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ title, figures }) => [[title], ...figures.map(rowOf)])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row.length === 1 ? `\n${row[0]}` : row.map((cell, i) => align(cell, widths[i] ?? 0, i)).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n')
}

function align(cell: string, width: number, column: number): string {
  return column === 1 || column === 2 ? cell.padStart(width) : cell.padEnd(width)
}

function rowOf(figure: Figure): string[] {
  if (figure.samples.length === 0) return [`  ${figure.name}`, '-', '', figure.unit, figure.note ?? '']
  const { median, min, max, wide } = summarise(figure)
  const spread = figure.samples.length > 1 ? `${format(min)} - ${format(max)}` : ''
  const remarks = [reachText(figure), wide ? 'WIDE SPREAD' : '', figure.note ?? '']
  return [
    `  ${figure.name}`,
    format(median),
    spread,
    figure.unit,
    remarks.filter((remark) => remark !== '').join('; '),
  ]
}

function reachText(figure: Figure): string {
  const { reach } = figure
  if (!reach) return ''
  const goal = 'atMost' in reach ? `at most ${format(reach.atMost)}` : `at least ${format(reach.atLeast)}`
  return `${summarise(figure).reached ? 'reached' : 'NOT REACHED'} (${goal})`
}

function format(value: number): string {
  if (Math.abs(value) < 10) return value.toFixed(2)
  return Math.round(value).toLocaleString('en')
}

export interface Result {
  readonly date: string
  readonly quick: boolean
  readonly corpusDetections: number | null
  readonly machine: Machine
  readonly sections: readonly Section[]
}

export function json({ sections, ...facts }: Result): string {
  const summarised = sections.map(({ title, figures }) => ({
    title,
    figures: figures.map((figure) => {
      const { name, unit, samples, reach, note } = figure
      if (samples.length === 0) return { name, unit, ...(note && { note }), samples }
      const { median, min, max, wide, reached } = summarise(figure)
      return {
        name,
        unit,
        median: round(median),
        min: round(min),
        max: round(max),
        wide,
        ...(reach && { reach, reached }),
        ...(note && { note }),
        samples: samples.map(round),
      }
    }),
  }))
  return `${JSON.stringify({ version: 1, ...facts, sections: summarised }, null, 2)}\n`
}

function round(value: number): number {
  return Number(value.toPrecision(5))
}

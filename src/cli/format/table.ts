/** Formats plain tables. A column is as wide as its widest cell, and the last column has no padding. Pure. */
import { escapeForTerminal, plainStyle, type Style } from '../../reporters/parts/terminal-text.ts'

const MAX_CELL_WIDTH = 60
const GAP = '  '

/** @returns the header and the rows as lines. Cells are escaped for a terminal and truncated. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style = plainStyle,
): string {
  const cells = rows.map((row) => row.map((cell) => truncate(escapeForTerminal(cell))))
  const widths = header.map((title, i) =>
    Math.max(title.length, ...cells.map((row) => (row[i] ?? '').length)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join(GAP)
      .trimEnd()
  return [style('dim', line(header)), ...cells.map(line)].map((text) => `${text}\n`).join('')
}

function truncate(cell: string): string {
  return cell.length <= MAX_CELL_WIDTH ? cell : `${cell.slice(0, MAX_CELL_WIDTH - 1)}…`
}

/** @returns text such as `2026-11-23 12:54:03Z`. */
export function formatTime(epochMs: number): string {
  return new Date(epochMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

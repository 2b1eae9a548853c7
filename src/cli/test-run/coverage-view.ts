/** Formats coverage as a table: a row per detection with the lines that no case ran, and a total of the files. Pure. */
import type { DetectionCoverage, FileCoverage } from '../../model/events/coverage.ts'
import type { BodyLines } from '../../model/events/evaluation.ts'
import type { Style } from '../../reporters/parts/terminal-text.ts'
import { table } from '../format/table.ts'

export function coverageText(
  detections: readonly DetectionCoverage[],
  files: readonly FileCoverage[],
  style: Style,
): string {
  const sum = (count: (lines: BodyLines) => number) => files.reduce((total, each) => total + count(each), 0)
  const run = sum((lines) => lines.run.length)
  const executable = sum((lines) => lines.executable.length)
  const total = `lines of Python run: ${run} of ${executable}${executable > 0 ? ` (${percent(run, executable)})` : ''}\n`
  return `${table(['detection', 'lines', 'run', 'not run'], detections.map(row), style)}${total}`
}

function row({ detection, lines }: DetectionCoverage): string[] {
  if (lines === null) return [detection, '-', '-', 'no case ran']
  const { run, executable } = lines
  return [
    detection,
    `${run.length}/${executable.length}`,
    percent(run.length, executable.length),
    missing(lines),
  ]
}

/** The value is rounded down, so that 100 % means all lines. */
function percent(run: number, executable: number): string {
  return `${executable === 0 ? 100 : Math.floor((run * 100) / executable)} %`
}

/** @returns text such as `4, 7-9`. A range includes lines that cannot run. */
function missing({ executable, run }: BodyLines): string {
  const hit = new Set(run)
  const ranges: [number, number][] = []
  let isOpen = false
  for (const line of executable) {
    if (hit.has(line)) {
      isOpen = false
      continue
    }
    if (isOpen) ranges.at(-1)![1] = line
    else ranges.push([line, line])
    isOpen = true
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}

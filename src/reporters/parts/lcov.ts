/** Formats coverage as an lcov tracefile, which CI servers and editors read. Pure. */
import type { FileCoverage } from '../../model/events/coverage.ts'

/** Lines are counted as run (1) or not run (0), because it is not known how often they ran. */
export function lcov(files: readonly FileCoverage[]): string {
  return files
    .map((file) =>
      record(file)
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('')
}

function record({ file, executable, run }: FileCoverage): string[] {
  const hit = new Set(run)
  return [
    'TN:',
    // A file name must not contain a line end, which would end the record's line.
    `SF:${file.replaceAll(/[\r\n]/g, '?')}`,
    ...executable.map((line) => `DA:${line},${hit.has(line) ? 1 : 0}`),
    `LF:${executable.length}`,
    `LH:${run.length}`,
    'end_of_record',
  ]
}

/** Coverage as an lcov tracefile, which CI servers and editors read. Pure. */
import type { FileCoverage } from '../../model/events/coverage.ts'

/** Lines are told as run or not, not how often. */
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
    // A name ends where its line does.
    `SF:${file.replaceAll(/[\r\n]/g, '?')}`,
    ...executable.map((line) => `DA:${line},${hit.has(line) ? 1 : 0}`),
    `LF:${executable.length}`,
    `LH:${run.length}`,
    'end_of_record',
  ]
}

/** Formats problems of files for the reporters that machines read. Pure. */
import type { Problem } from '../../model/project/problem.ts'
import type { TestRun } from '../_reporter.ts'

/** `message (hint)`. */
export function problemText({ message, hint }: Problem): string {
  return hint ? `${message} (${hint})` : message
}

/** The errors of files that have no result of their own. Without them, a broken file would look like an absent one. */
export function unreportedErrors({ problems, results }: Pick<TestRun, 'problems' | 'results'>): Problem[] {
  const reported = new Set(
    results.filter(({ status }) => status === 'invalid').flatMap((result) => [result.file]),
  )
  const own = new Set(results.flatMap(({ problems: each }) => each.map(locationKey)))
  return problems.filter(
    (problem) =>
      problem.severity === 'error' && !reported.has(problem.file) && !own.has(locationKey(problem)),
  )
}

function locationKey({ file, line, message }: Problem): string {
  return `${file}:${line} ${message}`
}

/** Prints problems for people; more than three with the same code and text are one entry with their source locations. */
import type { Problem } from '../../model/project/problem.ts'
import { formatProblem, singleLine } from './problems.ts'

/** Up to this count, equal problems are listed one by one. */
const MAX_EQUAL_COUNT = 3
const MAX_LISTED_LOCATIONS = 5

export interface ShownProblem {
  readonly severity: Problem['severity']
  /** Several lines; the first names the severity. */
  readonly text: string
}

/** @param verbose every problem by itself. */
export function shownProblems(problems: readonly Problem[], verbose = false): ShownProblem[] {
  const groups = verbose ? problems.map((problem) => [problem]) : [...equalProblems(problems)]
  return groups.flatMap((same) =>
    same.length > MAX_EQUAL_COUNT
      ? [{ severity: same[0]!.severity, text: foldedText(same) }]
      : same.map((problem) => ({ severity: problem.severity, text: formatProblem(problem) })),
  )
}

function equalProblems(problems: readonly Problem[]): Iterable<Problem[]> {
  return Map.groupBy(problems, ({ severity, code, message }) =>
    JSON.stringify([severity, code, message]),
  ).values()
}

function foldedText(same: readonly [Problem, ...Problem[]] | readonly Problem[]): string {
  const { severity, message, code } = same[0]!
  const locations = same.map(({ file, line, column }) => (line > 0 ? `${file}:${line}:${column}` : file))
  const left = locations.length - MAX_LISTED_LOCATIONS
  const hint = same.find((problem) => problem.hint)?.hint
  return [
    singleLine(`${same.length} places ${severity} ${message} [${code}]`),
    ...locations.slice(0, MAX_LISTED_LOCATIONS).map((location) => singleLine(`  ${location}`)),
    ...(left > 0 ? [`  and ${left} more; --verbose lists them`] : []),
    ...(hint ? [`  hint: ${singleLine(hint)}`] : []),
  ].join('\n')
}

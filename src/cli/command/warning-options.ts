/** The options that let warnings fail a command, and their evaluation. `validate` and `test` share them. */

import type { DetectionResult } from '../../model/events/test-result.ts'
import type { Problem } from '../../model/project/problem.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import { flag, parsed, type Values, wholeNumber } from './options.ts'

export const WARNING_OPTIONS = {
  failOnWarnings: flag('--fail-on-warnings', 'exit with 1 if there is a warning'),
  maxWarnings: parsed(
    '--max-warnings <n>',
    'exit with 1 if there are more warnings than this',
    wholeNumber(0),
  ),
}
export type WarningValues = Values<typeof WARNING_OPTIONS>

/** @returns the reason why warnings fail the command, or null if they do not. */
export function tooManyWarnings(
  problems: readonly Problem[],
  results: readonly DetectionResult[],
  { failOnWarnings, maxWarnings }: WarningValues,
): string | null {
  const allowed = failOnWarnings ? 0 : maxWarnings
  const count = problems.filter(({ severity }) => severity === 'warning').length + caseWarnings(results)
  if (allowed === undefined || count <= allowed) return null
  const option = failOnWarnings ? '--fail-on-warnings' : `--max-warnings ${allowed}`
  return `signalbox: ${counted(count, 'warning')} with ${option}`
}

/** The warning of a skipped case is the reason for skipping it, and does not count. */
function caseWarnings(results: readonly DetectionResult[]): number {
  const tests = results.flatMap((result) => result.tests).filter(({ status }) => status !== 'skipped')
  return tests.reduce((sum, test) => sum + test.warnings.length + test.skippedExpectations.length, 0)
}

/** Options that let warnings fail a command, and what they mean. Shared by `validate` and `test`. */

import type { DetectionResult } from '../../model/events/test-result.ts'
import type { Problem } from '../../model/project/problem.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import { flag, parsed, type Values, wholeNumber } from './options.ts'

export const WARNING_OPTIONS = {
  failOnWarnings: flag('--fail-on-warnings', 'exit 1 when there is a warning'),
  maxWarnings: parsed('--max-warnings <n>', 'exit 1 when there are more warnings than this', wholeNumber(0)),
}
export type WarningValues = Values<typeof WARNING_OPTIONS>

/** Why warnings fail the command; null when they do not. */
export function tooManyWarnings(
  problems: readonly Problem[],
  results: readonly DetectionResult[],
  { failOnWarnings, maxWarnings }: WarningValues,
): string | null {
  const allowed = failOnWarnings ? 0 : maxWarnings
  const count = problems.filter(({ severity }) => severity === 'warning').length + caseWarnings(results)
  if (allowed === undefined || count <= allowed) return null
  const option = failOnWarnings ? '--fail-on-warnings' : `--max-warnings ${allowed}`
  return `signalbox: ${counted(count, 'warning')}, and ${option} is given`
}

/** A skipped case has its reason as a warning, which is no fault. */
function caseWarnings(results: readonly DetectionResult[]): number {
  const tests = results.flatMap((result) => result.tests).filter(({ status }) => status !== 'skipped')
  return tests.reduce((sum, test) => sum + test.warnings.length + test.skippedExpectations.length, 0)
}

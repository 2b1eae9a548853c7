/** The outcome of a test call that Python was not asked about. */
import type { TestOutcome } from './evaluation.ts'
import type { FunctionResults } from '../alerts/finding.ts'

export function outcomeOf(functions: FunctionResults): TestOutcome {
  return { functions, output: '', missingMocks: [], reads: [], durationMs: 0 }
}

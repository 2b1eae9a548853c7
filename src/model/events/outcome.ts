/** Outcomes of test calls that run no Python. */

import type { FunctionError, FunctionResults } from '../alerts/finding.ts'
import type { TestOutcome } from './evaluation.ts'

export function syntheticOutcome(functions: FunctionResults): TestOutcome {
  return { functions, output: '', missingMocks: [], reads: [], durationMs: 0 }
}

/** An error without frames of the author's code. */
export function syntheticError(type: string, message: string): FunctionError {
  return { type, message, repr: `${type}('${message}')`, frames: [] }
}

/** A test call that could not be made. */
export function failedOutcome(error: FunctionError): TestOutcome {
  return {
    functions: { detection: { error } },
    output: '',
    missingMocks: [],
    reads: [],
    durationMs: 0,
  }
}

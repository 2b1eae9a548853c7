/** BOTH THREADS. Builds the error that stands in for a call that ended its worker. Pure. */

import { FUNCTIONS, type FunctionError } from '../../model/alerts/finding.ts'
import type { UnitTestOutcome } from '../../model/events/evaluation.ts'
import { syntheticError } from '../../model/events/outcome.ts'
import type { Body } from './messages.ts'
import type { ProgressMarker } from './progress-marker.ts'

/**
 * `time`: the call exceeded its time limit; `crash`: it ended the interpreter; `tampering`: it changed state that all
 * bodies of its worker share.
 */
export type TerminationReason = 'time' | 'crash' | 'tampering'

const TYPES: Record<TerminationReason, string> = {
  time: 'TimeLimitExceeded',
  crash: 'InterpreterEnded',
  tampering: 'Tampering',
}

/** @param message lists what was changed if the reason is `tampering`. */
export function terminatedCall(
  body: Body,
  {
    marker,
    reason,
    message,
  }: { readonly marker: ProgressMarker; readonly reason: TerminationReason; readonly message: string },
  budgetMs: number,
): FunctionError {
  const name = functionName(body, marker)
  const what = {
    time: `took longer than the limit of ${budgetMs} ms`,
    crash: 'ended the Python interpreter',
    tampering: `changed ${message}, which all detections share`,
  }[reason]
  const type = TYPES[reason]
  const frames = [definition(body, name)]
  return { type, message: what, repr: `${type}('${what}')`, frames, limit: reason }
}

export function withNote(error: FunctionError, note: string): FunctionError {
  const message = `${error.message}; ${note}`
  return { ...error, message, repr: `${error.type}('${message}')` }
}

/** The error of each call of a quarantined detection. */
export const QUARANTINED: FunctionError = syntheticError(
  'Quarantined',
  'not run: it was stopped too often before',
)

/** The outcome of a unit test that could not be run. */
export function failedUnitTest(error: FunctionError): UnitTestOutcome {
  return { status: 'failed', errors: [error], reason: '', output: '', durationMs: 0 }
}

/** Returns null for the body's top level. */
function functionName(body: Body, marker: ProgressMarker): string | null {
  if (marker.item < 0 || body.kind !== 'detection') return null
  const name = FUNCTIONS[marker.function]
  if (name !== 'detection') return name ?? null
  return body.type === 'policy' ? 'policy' : 'rule'
}

function definition(body: Body, name: string | null): FunctionError['frames'][number] {
  const lines = (body.source ?? '').split('\n')
  const at = name === null ? 0 : lines.findIndex((line) => line.startsWith(`def ${name}(`))
  const line = Math.max(at, 0)
  return { file: body.path, line: line + 1, function: name ?? '<module>', source: lines[line]!.trim() }
}

/** WORKER THREAD. Why there is no guard, or why a guard does not decide, in words. */
import type { GuardPart, GuardReason, GuardReasonKind } from '../../../model/events/guard-report.ts'
import type { MissingGuard } from '../guard/detection-guards.ts'
import type { GuardProgram, PythonLocation } from '../guard/guard-program.ts'
import { Raised } from '../guard/guard-values.ts'
import type { GuardLocations } from './guard-locations.ts'
import { kindOf, pythonText } from './python-text.ts'
import type { Evaluation, RecordedRun } from './recording-compiler.ts'

export function missingReason(
  { kind, reason, location }: MissingGuard,
  textAt: (location: PythonLocation) => string,
): GuardReason {
  return { kind, message: reason, part: location && partAt(location, textAt(location)) }
}

export function partAt([file, line, column]: PythonLocation, text: string): GuardPart {
  return { location: { file, line, column }, text }
}

/** Returns null for a run that ended with the silent result. */
export function reasonOfRun(
  { outcome, evaluations }: RecordedRun,
  program: GuardProgram,
  locations: GuardLocations,
): GuardReason | null {
  if (outcome.kind === 'failed') return failureReason(outcome.error, outcome.at, program, locations)
  const { value } = outcome
  if (value === program.silent) return null
  const last = evaluations.at(-1)
  const part = last ? locations.of(last.node) : null
  if (value === !program.silent) return { kind: 'matches', message: `it returns ${pythonText(value)}`, part }
  const message = `it returns ${pythonText(value)}, which is neither True nor False`
  return { kind: 'returns', message, part }
}

function failureReason(
  error: unknown,
  at: Evaluation | null,
  program: GuardProgram,
  locations: GuardLocations,
): GuardReason {
  const operation = at ? program.nodes[at.node]![0] : null
  const part = at && locations.of(at.node)
  if (error instanceof Raised) {
    const because = at && operandText(at, locations)
    return { kind: 'raises', message: `it raises ${error.type}${because ? `: ${because}` : ''}`, part }
  }
  const message = error instanceof Error ? error.message : String(error)
  if (operation === 'unknown') return { kind: 'construct', message: `this is not followed: ${message}`, part }
  const because = at && operandText(at, locations)
  const kind: GuardReasonKind = 'value'
  return { kind, message: because ? `${because} (${message})` : message, part }
}

/** Says what the field is of which the failed expression could not make anything. */
function operandText(at: Evaluation, locations: GuardLocations): string | null {
  for (const operand of at.parts) {
    const text = locations.of(operand.node)?.text
    if (text !== undefined && operand.value !== undefined) return `\`${text}\` is ${kindOf(operand.value)}`
  }
  return null
}

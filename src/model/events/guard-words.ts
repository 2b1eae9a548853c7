/** What a guard decided, in words, and in the stable shape of docs/cli.md. Pure. */
import type { SourceLocation } from '../project/detection.ts'
import type { GuardExplanation, GuardPart, GuardReason } from './guard-report.ts'

/** The answer's reason, with the part of a body that decided it. */
export function reasonOf(explanation: GuardExplanation): Pick<GuardReason, 'message' | 'part'> {
  const { answer, passesFilter, asked, noGuard, conditions, held, steps } = explanation
  if (passesFilter === false) return { message: 'the inline filter does not pass', part: null }
  if (answer === 'python') {
    if (asked) return asked
    return noGuard
      ? { message: `there is no guard: ${noGuard.message}`, part: noGuard.part }
      : { message: 'there is no guard', part: null }
  }
  const last = steps.at(-1)
  if (last) return { message: `\`${last.text}\` is ${last.value}`, part: last }
  const isLeftOut = conditions.length > 0 && held.length === 0
  return {
    message: isLeftOut ? 'no index condition holds' : 'it returns the same for every event',
    part: null,
  }
}

export function locationText({ file, line }: SourceLocation): string {
  return `${file}:${line}`
}

export function guardJson(explanation: GuardExplanation | null): unknown {
  if (explanation === null) return null
  const { answer, conditions, conditionsFrom, held, noConditions, steps, lookups } = explanation
  const { message, part } = reasonOf(explanation)
  return {
    answer,
    reason: message,
    ...partJson(part),
    index: { conditions, from: conditionsFrom, held, reason: noConditions?.message ?? null },
    tests: steps.map((step) => ({ ...partJson(step), value: step.value })),
    lookups,
  }
}

function partJson(part: GuardPart | null) {
  return {
    file: part?.location.file ?? null,
    line: part?.location.line ?? null,
    column: part?.location.column ?? null,
    text: part?.text ?? null,
  }
}

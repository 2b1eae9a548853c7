/**
 * WORKER THREAD. A guard that is ready to decide. It only ever removes work: whatever it does not know, Python
 * decides.
 */
import { Compiler } from './compile-guard.ts'
import type { GuardProgram } from './guard-program.ts'
import { callFunction, Run } from './guard-run.ts'
import type { RawObject } from './guard-values.ts'

/** silent: the matcher would return its silent value and do nothing else. unknown: it has to run. */
export type GuardAnswer = 'silent' | 'unknown'

export interface Guard {
  /** @param record The parsed event with its filled-in fields. @param raw Its text, for the digits of its numbers. */
  evaluate(record: RawObject, raw: string): GuardAnswer
  /** What the matcher returns. Throws `Raised` or `Unknown`. */
  result(record: RawObject, raw: string): unknown
}

export function createGuard(program: GuardProgram): Guard {
  const matcher = new Compiler(program).matcher()
  const returned = (record: RawObject, raw: string): unknown => {
    const run = new Run(record, raw, program)
    return callFunction(matcher, [run.argument], run, null)
  }
  return {
    result: returned,
    evaluate(record, raw) {
      try {
        return returned(record, raw) === program.silent ? 'silent' : 'unknown'
      } catch {
        return 'unknown'
      }
    },
  }
}

/** Which warnings count as errors and which are not reported: the key `warnings` of signalbox.yaml. Pure. */

import type { ProblemCode } from '../problem-code.ts'
import { LINT_CODES } from './lint.ts'
import type { Problem } from './problem.ts'

/** Errors that can be turned off all the same: a newer Panther may have a type of file that is unknown here. */
const OPTIONAL_ERRORS = ['missing-analysis-type', 'unknown-analysis-type'] as const

/** Every code that a warning can have. Each is described in docs/reference/problem-codes.md. */
export const WARNING_CODES = [
  'broken-link',
  'critical-waits',
  'dedup-period',
  'duplicate-key',
  'end-of-support',
  'idle-correlation-rule',
  'idle-interval',
  'idle-log-type',
  'idle-lookup-table',
  'idle-scheduled-rule',
  'inactive-member',
  'linked-folder',
  'literal-secret',
  'missing-base',
  'no-time-zones',
  'not-a-number',
  'orphan-expectations',
  'outside-project',
  'pat-folder',
  'python-packages',
  'shadowed-helper',
  'silence-covered',
  'silence-ended',
  'silence-ends',
  'silence-matches-nothing',
  'inhibition-matches-nothing',
  'skipped-analysis-file',
  'stale-type',
  'stand-in',
  'table-name',
  'token-ends',
  'unguarded',
  'unknown-key',
  'unknown-member',
  'unused-body',
  'unused-override',
  ...LINT_CODES,
  ...OPTIONAL_ERRORS,
] as const satisfies readonly ProblemCode[]
export type WarningCode = (typeof WARNING_CODES)[number]

export interface WarningPolicy {
  /** `validate` and `test` report these warnings as errors. */
  readonly error: readonly WarningCode[]
  /** These warnings are not reported. */
  readonly off: readonly WarningCode[]
}

/** The problems that the policy does not turn off. An error stays, whatever its code, except the two optional ones. */
export function reportedProblems(problems: readonly Problem[], { off }: WarningPolicy): Problem[] {
  return problems.filter(({ severity, code }) => {
    const canBeOff = severity !== 'error' || isOneOf(code, OPTIONAL_ERRORS)
    return !(canBeOff && isOneOf(code, off))
  })
}

/** The problems as `validate` and `test` judge them. */
export function judgedProblems(problems: readonly Problem[], { error }: WarningPolicy): Problem[] {
  return problems.map((problem) =>
    problem.severity !== 'error' && isOneOf(problem.code, error)
      ? { ...problem, severity: 'error', keepsFile: true }
      : problem,
  )
}

function isOneOf(code: string, codes: readonly string[]): boolean {
  return codes.includes(code)
}

/** Problems that say of a file that it is not loaded, although it looks like a part of the project. */
const NOT_LOADED: ReadonlySet<string> = new Set<WarningCode>([
  'broken-link',
  'linked-folder',
  'missing-analysis-type',
  'missing-base',
  'outside-project',
  'skipped-analysis-file',
  'stale-type',
  'unknown-analysis-type',
  'unused-body',
])

/** The files that are found and not loaded, by an error or by a warning, the configuration aside. */
export function filesNotLoaded(problems: readonly Problem[], configuration: readonly string[]): string[] {
  const files = problems.flatMap(({ severity, code, file, keepsFile = false }) =>
    (severity === 'error' && !keepsFile) || NOT_LOADED.has(code) ? [file] : [],
  )
  return [...new Set(files)].filter((file) => !configuration.includes(file))
}

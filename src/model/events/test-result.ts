/** Results of test cases: made by testing/, shown by reporters. Fields follow the stable JSON shape. */

import type { FunctionResults } from '../alerts/finding.ts'
import type { Handling } from '../alerts/handling.ts'
import type { Route } from '../alerts/route.ts'
import type { DecidedSeverity } from '../alerts/severity.ts'
import type { DetectionType, ExpectationName } from '../project/detection.ts'
import type { Problem } from '../project/problem.ts'
import type { FieldRead } from './evaluation.ts'

export interface TestFailure {
  readonly what: ExpectationName | 'ExpectedResult' | 'function' | 'guard' | 'mock' | 'route' | 'unit-test'
  readonly expected: unknown
  readonly actual: unknown
  readonly message: string
}

export interface TestResult {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly file: string
  readonly line: number
  /** null: a unit test, which has no case. */
  readonly expectedResult: boolean | null
  /** The result of the matcher; null: it failed. */
  readonly matched: boolean | null
  /** The case would create an alert. */
  readonly alerts: boolean
  readonly severity: DecidedSeverity | null
  readonly route: Route | null
  /** null where there is no route. */
  readonly handling: Handling | null
  readonly functions: FunctionResults
  readonly failures: readonly TestFailure[]
  /** What an author may want to know, and what is neither an error nor a warning. */
  readonly notices: readonly string[]
  readonly warnings: readonly string[]
  /** Expectations that could not be checked, with the reason. */
  readonly skippedExpectations: readonly { what: ExpectationName; reason: string }[]
  /** The fields that the body read from the event. */
  readonly reads: readonly FieldRead[]
  /** The printed output of the body. */
  readonly output: string
  readonly durationMs: number
}

export interface DetectionResult {
  /** The id of the detection, or the path of a file of unit tests. */
  readonly id: string
  readonly type: DetectionType | 'unit_tests'
  readonly file: string
  readonly status: 'passed' | 'failed' | 'untested' | 'invalid' | 'skipped'
  readonly problems: readonly Problem[]
  readonly tests: readonly TestResult[]
}

export interface TestSummary {
  readonly detections: Record<'total' | 'passed' | 'failed' | 'untested' | 'invalid' | 'skipped', number>
  /** The cases of detections. */
  readonly tests: Record<'total' | 'passed' | 'failed' | 'skipped', number>
  /** The unit tests of helpers and data models; `invalid` counts files. */
  readonly unitTests: Record<'total' | 'passed' | 'failed' | 'skipped' | 'invalid', number>
  /** Files that were found and not loaded, by an error or a warning; absent in a round of `watch`. */
  readonly notLoaded?: number
  readonly durationMs: number
}

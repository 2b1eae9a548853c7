/** Results of the engine: evaluated events for the daemon, outcomes of test calls for testing. */
import type { JsonText } from '../../core/exact-json.ts'
import type { FunctionError, FunctionName, FunctionResults, MatchFinding } from '../alerts/finding.ts'
import type { Envelope } from './event.ts'
import type { ProjectFacts } from './facts.ts'
import type { GuardCall, GuardExplanation, GuardReport } from './guard-report.ts'

/** A notice about an accepted event; it is reported once for each source and code. */
export interface EventNotice {
  readonly code: 'unreadable-time' | 'container'
  readonly message: string
}

/** One event's evaluation, in event order. */
export interface EvaluatedEvent {
  readonly envelope: Envelope
  readonly outcome:
    | {
        readonly status: 'evaluated'
        /** Epoch milliseconds at which the event counts. */
        readonly at: number
        /** The record's own `p_row_id`, by which it can be recognized when it comes again; null: it has none. */
        readonly ownRowId: string | null
        /** Matches, and matchers that failed, in the order of the detections. */
        readonly findings: readonly MatchFinding[]
        /** Why a trust group could not evaluate the event; the findings are those of the others. */
        readonly missed?: string
        readonly notices?: readonly EventNotice[]
      }
    | { readonly status: 'rejected' | 'unclassified'; readonly reason: string }
}

/** One run of all functions of a detection over one entry, even if it does not match. */
export interface TestCall {
  readonly detection: string
  readonly entry: JsonText
  readonly mocks: JsonText
  /** Record which lines of the body run. */
  readonly followLines?: boolean
  /** Record which fields the body reads, which makes the call slower. */
  readonly recordReads?: boolean
  /** Measure each function. */
  readonly timeFunctions?: boolean
}

/** Numbers of lines of a body, ascending. */
export interface BodyLines {
  /** The lines that can run. */
  readonly executable: readonly number[]
  /** The lines that ran, in the call or while the body was loaded. */
  readonly run: readonly number[]
}

/** A field that a rule read from its event. */
export interface FieldRead {
  /** `a.b` for nested keys; `udm(name)` for a unified field. */
  readonly field: string
  /** The beginning of its JSON text; null: absent. */
  readonly value: string | null
}

export interface TestOutcome {
  readonly functions: FunctionResults
  /** The printed output of the body. */
  readonly output: string
  /** Names of mocks that the module does not define. */
  readonly missingMocks: readonly string[]
  /** Each field once, in the order of the first read; null: they were not recorded. */
  readonly reads: readonly FieldRead[] | null
  readonly durationMs: number
  /** Present if `followLines` was set and the worker survived the call. */
  readonly lines?: BodyLines | undefined
  /** The milliseconds of each function that was called; present if `timeFunctions` was set. */
  readonly functionMs?: Readonly<Partial<Record<FunctionName, number>>> | undefined
  /** Present if the guard of the detection says that the matcher stays silent, which it did not. */
  readonly contradictedBy?: GuardExplanation | undefined
}

/** The outcome of one unit test. */
export interface UnitTestOutcome {
  readonly status: 'passed' | 'failed' | 'skipped'
  /** The errors that it raised; subtests can raise several. */
  readonly errors: readonly FunctionError[]
  /** Why it was skipped, or fails without an error; else empty. */
  readonly reason: string
  readonly output: string
  readonly durationMs: number
}

/** One file of unit tests beside helpers or data models. */
export interface UnitTestFile {
  readonly path: string
  /** It could not be loaded. */
  readonly error: FunctionError | null
  /** The number of its tests. */
  readonly total: number
  /** The selected tests in unittest's order. The name is unittest's `Class.method`. */
  readonly tests: readonly { readonly name: string; readonly outcome: UnitTestOutcome }[]
}

/** A body that could not be loaded; it is not evaluated. */
export interface BodyProblem {
  readonly kind: 'detection' | 'helper' | 'data-model' | 'unit-tests'
  readonly id: string
  readonly error: FunctionError
  readonly hint?: string
}

export interface Engine {
  /** Why no event can be evaluated now, as it is at the call; empty: events can be evaluated. */
  unavailable(): readonly string[]
  /** The bodies that could not be loaded, known once the engine has started. */
  readonly problems: readonly BodyProblem[]
  /** The facts of the analysis. */
  readonly facts: ProjectFacts
  /** The events for which no detection of a trust group had to run, summed over the groups, since the start. */
  eventsWithoutPython(): number
  /** Evaluates a batch; results come back in the batch's order. Several batches may be under way. */
  evaluate(events: readonly Envelope[]): Promise<readonly EvaluatedEvent[]>
  /** Runs test calls, each isolated; results in the order of the calls. */
  test(calls: readonly TestCall[]): Promise<readonly TestOutcome[]>
  /** Reports the guards of detections, in the order of the calls; null: there is no Python body that is loaded. */
  guards(calls: readonly GuardCall[]): Promise<readonly (GuardReport | null)[]>
  /** Runs the unit tests of helpers and data models, apart from all detections. */
  unitTests(isSelected: (name: string) => boolean): Promise<readonly UnitTestFile[]>
  /** Ends the workers; what is under way rejects. */
  close(): Promise<void>
}

/**
 * WORKER THREAD. What is known of a body's guards before one is evaluated: what they follow, and their index conditions. It
 * is derived once for each text and kept with the analysis, because all detections of a log type are indexed together.
 */
import type { GuardProgram, PythonLocation } from '../guard/guard-program.ts'
import { type IndexConditions, traceConditions } from './derive-index-conditions.ts'
import { FieldRecorder, type GivenField } from './field-recorder.ts'
import { comparedFields } from './narrow-conditions.ts'

export interface GuardSummary {
  /** What the body may change: the file of a helper, or null for anything; and where. Written first. */
  readonly changes: readonly (readonly [path: string | null, location: PythonLocation])[]
  /** The programs in the order of the analysis. */
  readonly programs: readonly (ProgramSummary | NoGuard)[]
}

export interface ProgramSummary extends Pick<GuardProgram, 'logType' | 'readsModel' | 'followed'> {
  /** null: they depend on the log type of the event. */
  readonly conditions: IndexConditions | null
  /** The conditions for events of which a field is known, as JSON; see `ConditionsOfGiven`. Few of them are asked for. */
  readonly given: string
}

/** The keys are those of `nameOfGiven`. */
export type ConditionsOfGiven = Readonly<Record<string, IndexConditions>>

export interface NoGuard {
  /** A text for people that says why there is no guard. */
  readonly reason: string
  readonly location: PythonLocation | null
  readonly logType: null
}

/** `BodyGuards.text`, parsed. */
export interface AnalyzedGuards {
  readonly changes: GuardSummary['changes']
  readonly programs: readonly (GuardProgram | NoGuard)[]
}

/** More are derived where they are needed: only few of them are. */
const MAX_GIVEN = 8

/** Returns `BodyGuards.summary`. @param text `BodyGuards.text`. */
export function summarizeGuards(text: string): string {
  const { changes, programs } = JSON.parse(text) as AnalyzedGuards
  const summary: GuardSummary = { changes, programs: programs.map(summarizeProgram) }
  return JSON.stringify(summary)
}

/** The name of a field that is known. */
export function nameOfGiven({ key, isExact, value }: GivenField): string {
  return JSON.stringify([key, isExact, value])
}

function summarizeProgram(program: GuardProgram | NoGuard): ProgramSummary | NoGuard {
  if ('reason' in program) return program
  const { logType, readsModel, followed } = program
  const conditions = derive(program, null)
  return { logType, readsModel, followed, conditions, given: JSON.stringify(givenOf(program, conditions)) }
}

function givenOf(program: GuardProgram, own: IndexConditions | null): ConditionsOfGiven {
  const fields = own !== null && 'conditions' in own ? comparedFields(own.conditions) : []
  const known = fields
    .slice(0, MAX_GIVEN)
    .map((field) => [nameOfGiven(field), derive(program, field)] as const)
  return Object.fromEntries(known.flatMap(([name, each]) => (each === null ? [] : [[name, each]])))
}

/** Returns null where the conditions depend on a log type that is not known. */
function derive(program: GuardProgram, given: GivenField | null): IndexConditions | null {
  const recorder = new FieldRecorder(program.logType, given)
  const conditions = traceConditions(program, recorder)
  return program.logType === null && recorder.readsLogType ? null : conditions
}

// The guards of a project's detections, with their index conditions, by the log type of the event.
import {
  deriveIndexConditions,
  type IndexConditions,
} from '../../src/engine/worker/event-index/derive-index-conditions.ts'
import type {
  AnalyzedGuards,
  GuardSummary,
  NoGuard,
} from '../../src/engine/worker/event-index/guard-summary.ts'
import { holds } from '../../src/engine/worker/event-index/index-condition.ts'
import { createGuard, type Guard } from '../../src/engine/worker/guard/create-guard.ts'
import type { GuardProgram } from '../../src/engine/worker/guard/guard-program.ts'
import type { RawObject } from '../../src/engine/worker/guard/guard-values.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import type { Project } from '../../src/model/project/project.ts'
import { analyzeNatively } from './native-analysis.ts'

/** What decides about the events of one log type. */
export interface TypedGuard {
  readonly guard: Guard | null
  readonly conditions: IndexConditions
}

export interface GuardedDetection {
  readonly detection: Detection
  /** By log type; null: the event has none, or the detection does not see it. */
  readonly byType: ReadonlyMap<string | null, TypedGuard>
  /** Why it has no guard, once for each log type without one. */
  readonly reasons: readonly string[]
}

export interface GuardedProject {
  readonly detections: readonly GuardedDetection[]
  /** What bodies may change; see guard_changes.py. */
  readonly changes: GuardSummary['changes']
  /** How long the analysis took. */
  readonly ms: number
}

const OTHER_TYPE: NoGuard = { reason: 'the data model of another log type', location: null, logType: null }

export function guardsOf(project: Project): GuardedProject {
  const { bodies, guards, ms } = analyzeNatively(project, 'test')
  const analyses = guards.map(
    (guard) => JSON.parse(guard?.text ?? '{"programs":[],"changes":[]}') as AnalyzedGuards,
  )
  const numbers = new Map(
    bodies.flatMap(({ kind, id }, number) => (kind === 'detection' ? [[id, number]] : [])),
  )
  const withPython = [...project.detections.values()].filter(({ body }) => body !== null)
  return {
    detections: withPython.map((each) => guarded(each, analyses[numbers.get(each.id)!]!.programs)),
    changes: analyses.flatMap(({ changes }) => changes),
    ms,
  }
}

/** Whether the index leaves the detection out for this event. */
export function isLeftOut({ conditions }: TypedGuard, record: RawObject): boolean {
  return 'conditions' in conditions && !conditions.conditions.some((each) => holds(each, record))
}

function guarded(detection: Detection, programs: readonly (GuardProgram | NoGuard)[]): GuardedDetection {
  const found = logTypesOf(detection).map((type) => {
    const program = programs.find((each) => each.logType === null || each.logType === type) ?? OTHER_TYPE
    return { type, program }
  })
  return {
    detection,
    byType: new Map(found.map(({ type, program }) => [type, typedGuard(program, type)])),
    reasons: found.flatMap(({ program }) => ('reason' in program ? [program.reason] : [])),
  }
}

function typedGuard(program: GuardProgram | NoGuard, type: string | null): TypedGuard {
  if ('reason' in program) return { guard: null, conditions: { reason: program.reason } }
  return { guard: createGuard(program), conditions: deriveIndexConditions(program, type) }
}

/** The log types of a rule and of its cases. */
function logTypesOf({ type, tests, logTypes }: Detection): (string | null)[] {
  if (type !== 'rule') return [null]
  const named = tests.flatMap(({ entry }) => {
    const own = (JSON.parse(entry) as { p_log_type?: unknown } | null)?.p_log_type
    return typeof own === 'string' ? [own] : []
  })
  return [...new Set([null, ...logTypes, ...named])]
}

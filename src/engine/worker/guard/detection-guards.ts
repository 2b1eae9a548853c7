/**
 * WORKER THREAD. The guards of a project's detections: which of them hold, given all bodies that share an
 * interpreter with them.
 */
import type { Body } from '../../protocol/messages.ts'
import { createGuard, type Guard } from './create-guard.ts'
import type { GuardProgram, PythonLocation } from './guard-program.ts'

/** What the analysis writes for one body; see guards.py and guard_changes.py. */
interface BodyGuard {
  readonly programs: readonly (GuardProgram | NoGuard)[]
  /** What the body may change: the file of a helper, or null for anything; and where. */
  readonly changes: readonly (readonly [path: string | null, location: PythonLocation])[]
}

interface NoGuard {
  /** A text for people that says why there is no guard. */
  readonly reason: string
  readonly location: PythonLocation | null
  readonly logType: null
}

/** Why a detection has no guard; see `GuardReasonKind`. */
export interface MissingGuard {
  readonly kind: 'shape' | 'model' | 'group'
  /** A text for people. */
  readonly reason: string
  readonly location: PythonLocation | null
}

export type DetectionGuard = { readonly guard: Guard; readonly program: GuardProgram } | MissingGuard

export interface DetectionGuards {
  /**
   * @param logType the log type of the event, whose data model the guard may follow; null: the detection sees no data
   * model.
   */
  of(body: number, logType: string | null): DetectionGuard
}

const NO_ANALYSIS: MissingGuard = { kind: 'shape', reason: 'its text could not be analyzed', location: null }
const OTHER_TYPE: MissingGuard = {
  kind: 'model',
  reason: 'it reads the data model of another log type',
  location: null,
}
const NO_TYPE: MissingGuard = {
  kind: 'model',
  reason: 'it reads a data model and has no log type',
  location: null,
}

interface GuardSources {
  readonly bodies: readonly Body[]
  /** `ModuleAnalysis.guard` of each body. */
  readonly guards: readonly (string | null)[]
  /** The bodies that could not be loaded. A guard that follows one of them would decide by what does not exist. */
  readonly broken: ReadonlyMap<number, unknown>
  /** The bodies of which nothing ran. */
  readonly excluded: readonly number[]
}

export function createDetectionGuards({ bodies, guards, broken, excluded }: GuardSources): DetectionGuards {
  const parsed = new Map<number, BodyGuard>()
  const parse = (body: number): BodyGuard | null => {
    const text = guards[body]
    if (text === null || text === undefined) return null
    const known = parsed.get(body) ?? (JSON.parse(text) as BodyGuard)
    parsed.set(body, known)
    return known
  }
  const running = bodies.flatMap((body, number) =>
    excluded.includes(number) ? [] : [[body, number] as const],
  )
  const changes = new Map(running.flatMap(([body, number]) => changesOf(body, guards[number])))
  for (const body of broken.keys()) {
    const { path, kind } = bodies[body]!
    if (kind === 'helper' || kind === 'data-model')
      changes.set(path, { kind: 'group', reason: `${path} cannot be loaded`, location: null })
  }
  const known = new Map<string, DetectionGuard>()

  const create = (body: number, logType: string | null): DetectionGuard => {
    const anything = changes.get(null)
    if (anything !== undefined) return anything
    const programs = parse(body)?.programs
    if (!programs) return NO_ANALYSIS
    const program = programs.find((each) => each.logType === null || each.logType === logType)
    if (!program) return OTHER_TYPE
    if ('reason' in program) return { kind: 'shape', reason: program.reason, location: program.location }
    // A rule without log types sees the data model of the row that it evaluates.
    if (program.readsModel && program.logType === null && !seesNoModel(bodies[body]!)) return NO_TYPE
    const changed = program.followed.find((path) => changes.has(path))
    if (changed !== undefined) return changes.get(changed)!
    return { guard: createGuard(program), program }
  }
  return {
    of(body, logType) {
      const name = `${body} ${logType}`
      const guard = known.get(name) ?? create(body, logType)
      known.set(name, guard)
      return guard
    },
  }
}

function seesNoModel(body: Body): boolean {
  return body.kind === 'detection' && body.type !== 'rule'
}

const NO_CHANGES = '{"changes":[],'

/** Most bodies change nothing, so their text is not parsed. */
function changesOf(body: Body, text: string | null | undefined): [string | null, MissingGuard][] {
  if (body.kind === 'simple' || body.source === null) return []
  if (text === null || text === undefined)
    return [[null, { kind: 'group', reason: `${body.path} could not be analyzed`, location: null }]]
  if (text.startsWith(NO_CHANGES)) return []
  const { changes } = JSON.parse(text) as BodyGuard
  return changes.map(([path, location]) => {
    const reason =
      path === null ? `${location[0]} can change what names mean` : `${location[0]} may change ${path}`
    return [path, { kind: 'group', reason, location }]
  })
}

/**
 * WORKER THREAD. The guards of a project's detections: which of them hold, given all bodies that share an
 * interpreter with them.
 */
import type { Body } from '../../protocol/messages.ts'
import type { BodyGuards } from '../../protocol/module-analysis.ts'
import type { AnalyzedGuards, GuardSummary, ProgramSummary } from '../event-index/guard-summary.ts'
import { createGuard, type Guard } from './create-guard.ts'
import type { GuardProgram, PythonLocation } from './guard-program.ts'

/** Why a detection has no guard; see `GuardReasonKind`. */
export interface MissingGuard {
  readonly kind: 'shape' | 'model' | 'group'
  /** A text for people. */
  readonly reason: string
  readonly location: PythonLocation | null
}

/** A guard that holds. Its program is compiled when it is first evaluated. */
export interface PresentGuard {
  readonly summary: ProgramSummary
  readonly program: GuardProgram
  readonly guard: Guard
}

export type DetectionGuard = PresentGuard | MissingGuard

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
  readonly guards: readonly (BodyGuards | null)[]
  /** The bodies that could not be loaded. A guard that follows one of them would decide by what does not exist. */
  readonly broken: ReadonlyMap<number, unknown>
  /** The bodies of which nothing ran. */
  readonly excluded: readonly number[]
}

export function createDetectionGuards({ bodies, guards, broken, excluded }: GuardSources): DetectionGuards {
  const running = bodies.flatMap((body, number) =>
    excluded.includes(number) ? [] : [[body, number] as const],
  )
  const changes = new Map(running.flatMap(([body, number]) => changesOf(body, guards[number])))
  for (const body of broken.keys()) {
    const { path, kind } = bodies[body]!
    if (kind === 'helper' || kind === 'data-model')
      changes.set(path, { kind: 'group', reason: `${path} cannot be loaded`, location: null })
  }
  const known = new Map<string | null, Map<number, DetectionGuard>>()
  const summaryOf = summaryReader(guards)

  const create = (body: number, logType: string | null): DetectionGuard => {
    const anything = changes.get(null)
    if (anything !== undefined) return anything
    const programs = summaryOf(body)?.programs
    if (!programs) return NO_ANALYSIS
    const at = programs.findIndex((each) => each.logType === null || each.logType === logType)
    const program = programs[at]
    if (!program) return OTHER_TYPE
    if ('reason' in program) return { kind: 'shape', reason: program.reason, location: program.location }
    // A rule without log types sees the data model of the row that it evaluates.
    if (program.readsModel && program.logType === null && !seesNoModel(bodies[body]!)) return NO_TYPE
    const changed = program.followed.find((path) => changes.has(path))
    if (changed !== undefined) return changes.get(changed)!
    return new LazyGuard(guards[body]!.text, at, () => summaryOf(body)!.programs[at] as ProgramSummary)
  }
  return {
    of(body, logType) {
      const ofType = known.get(logType) ?? new Map<number, DetectionGuard>()
      known.set(logType, ofType)
      const guard = ofType.get(body) ?? create(body, logType)
      ofType.set(body, guard)
      return guard
    },
  }
}

class LazyGuard implements PresentGuard {
  readonly #text: string
  readonly #at: number
  readonly #readSummary: () => ProgramSummary
  #program: GuardProgram | undefined
  #guard: Guard | undefined

  /** @param text `BodyGuards.text`. @param at the place of the program in it. */
  constructor(text: string, at: number, readSummary: () => ProgramSummary) {
    this.#text = text
    this.#at = at
    this.#readSummary = readSummary
  }

  get summary(): ProgramSummary {
    return this.#readSummary()
  }

  get program(): GuardProgram {
    this.#program ??= (JSON.parse(this.#text) as AnalyzedGuards).programs[this.#at] as GuardProgram
    return this.#program
  }

  get guard(): Guard {
    this.#guard ??= createGuard(this.program)
    return this.#guard
  }
}

/** Returns the summary of a body. Only the last one is kept, because each is needed once, as the index is made. */
function summaryReader(guards: GuardSources['guards']): (body: number) => GuardSummary | null {
  let last: { readonly body: number; readonly summary: GuardSummary } | null = null
  return (body) => {
    const texts = guards[body]
    if (!texts) return null
    if (last?.body !== body) last = { body, summary: JSON.parse(texts.summary) as GuardSummary }
    return last.summary
  }
}

function seesNoModel(body: Body): boolean {
  return body.kind === 'detection' && body.type !== 'rule'
}

const NO_CHANGES = '{"changes":[],'

/** Most bodies change nothing, so their text is not parsed. */
function changesOf(body: Body, texts: BodyGuards | null | undefined): [string | null, MissingGuard][] {
  if (body.kind === 'simple' || body.source === null) return []
  if (!texts) return [[null, { kind: 'group', reason: `${body.path} could not be analyzed`, location: null }]]
  if (texts.summary.startsWith(NO_CHANGES)) return []
  const { changes } = JSON.parse(texts.summary) as GuardSummary
  return changes.map(([path, location]) => {
    const reason =
      path === null ? `${location[0]} can change what names mean` : `${location[0]} may change ${path}`
    return [path, { kind: 'group', reason, location }]
  })
}

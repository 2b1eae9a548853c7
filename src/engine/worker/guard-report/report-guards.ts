/** WORKER THREAD. Reports the guards of detections: their index conditions, and what they decide for an event. */
import { parseExact } from '../../../core/exact-json.ts'
import { compile } from '../../../match/compile-expression.ts'
import type { FunctionResult } from '../../../model/alerts/finding.ts'
import type {
  GuardExplanation,
  GuardReason,
  GuardReport,
  GuardState,
} from '../../../model/events/guard-report.ts'
import type { Body, BodyCall, DetectionBody } from '../../protocol/messages.ts'
import { detectionConditions } from '../event-index/detection-conditions.ts'
import { holds, type IndexCondition } from '../event-index/index-condition.ts'
import type { DetectionGuard, DetectionGuards } from '../guard/detection-guards.ts'
import type { GuardProgram, PythonLocation } from '../guard/guard-program.ts'
import type { RawObject } from '../guard/guard-values.ts'
import { conditionText } from './condition-text.ts'
import { guardLocations } from './guard-locations.ts'
import { missingReason, partAt, reasonOfRun } from './guard-reasons.ts'
import { lookupsOf, stepsOf } from './guard-steps.ts'
import { runRecorded } from './recording-compiler.ts'

const BROKEN: GuardReason = { kind: 'shape', message: 'the body cannot be loaded', part: null }
const OFF: GuardReason = { kind: 'off', message: 'guards are off', part: null }

/** What decides. */
interface KnownGuard {
  readonly guarded: DetectionGuard | null
  readonly chosen: readonly IndexCondition[] | null
  /** The conditions that the guard alone has. */
  readonly fromGuard: readonly IndexCondition[] | null
}

/** What decides, and what is reported of it. */
interface KnownState extends KnownGuard {
  readonly state: GuardState
}

export class GuardReporter {
  readonly #bodies: readonly Body[]
  readonly #guards: DetectionGuards | null
  readonly #texts: ReadonlyMap<string, string>
  /** What was found, by body and log type. */
  readonly #known = new Map<string, KnownGuard>()
  readonly #states = new Map<string, KnownState>()

  /** @param guards null: guards are off. */
  constructor(bodies: readonly Body[], guards: DetectionGuards | null) {
    this.#bodies = bodies
    this.#guards = guards
    this.#texts = new Map(bodies.flatMap(({ path, source }) => (source === null ? [] : [[path, source]])))
  }

  /** @param entry the text of an event to explain; null: none. */
  report(
    number: number,
    entry: string | null,
    { isBroken, isMeasured }: { readonly isBroken: boolean; readonly isMeasured: boolean },
  ): GuardReport {
    const body = this.#bodies[number] as DetectionBody
    if (isBroken)
      return { states: [{ ...NOTHING, logType: null, noGuard: BROKEN }], explanation: null, guardUs: null }
    const states = logTypesOf(body).map((logType) => this.#state(number, logType).state)
    return {
      states: withoutEqual(states),
      explanation: entry === null ? null : this.#explain(number, entry),
      guardUs: entry !== null && isMeasured ? this.#measure(number, entry) : null,
    }
  }

  /** Returns what the guard says where it calls a matcher silent that is not; null: there is no contradiction. */
  contradiction(
    { body, entry, mocks }: BodyCall,
    result: FunctionResult | undefined,
  ): GuardExplanation | null {
    // The cases of a limit depend on the machine, and the guards do not hold for mocked names.
    if (this.#guards === null || mocks !== NO_MOCKS || result === undefined || result.error?.limit)
      return null
    const silent = isPolicy(this.#bodies[body]!)
    if (!result.error && result.output === silent) return null
    // An explanation takes many times as long as the answer.
    if (!this.#isCalledSilent(body, entry)) return null
    const explanation = this.#explain(body, entry)
    return explanation.answer === 'silent' && explanation.passesFilter !== false ? explanation : null
  }

  /** Whether the index or the guard says that the matcher stays silent. The inline filter is not asked. */
  #isCalledSilent(number: number, entry: string): boolean {
    const record = JSON.parse(entry) as unknown
    if (!isObject(record)) return false
    const { guarded, chosen } = this.#guard(number, logTypeOf(record))
    const isLeftOut = chosen !== null && !chosen.some((each) => holds(each, record))
    if (isLeftOut) return true
    return guarded !== null && 'summary' in guarded && guarded.guard.evaluate(record, entry) === 'silent'
  }

  #state(number: number, logType: string | null): KnownState {
    const name = `${number} ${logType}`
    const known = this.#states.get(name) ?? this.#findState(number, logType)
    this.#states.set(name, known)
    return known
  }

  #guard(number: number, logType: string | null): KnownGuard {
    const name = `${number} ${logType}`
    const known = this.#known.get(name) ?? this.#findGuard(number, logType)
    this.#known.set(name, known)
    return known
  }

  #findGuard(number: number, logType: string | null): KnownGuard {
    const body = this.#bodies[number]!
    if (this.#guards === null) return { guarded: null, chosen: null, fromGuard: null }
    const guarded = this.#guards.of(number, logType)
    if (isPolicy(body)) return { guarded, chosen: null, fromGuard: null }
    return { guarded, ...detectionConditions(body, guarded, logType) }
  }

  #findState(number: number, logType: string | null): KnownState {
    const body = this.#bodies[number]!
    const known = this.#guard(number, logType)
    const { guarded, chosen, fromGuard } = known
    if (guarded === null) return { ...known, state: { ...NOTHING, logType, noGuard: OFF } }
    const isPresent = 'summary' in guarded
    const state: GuardState = {
      logType: isPresent && guarded.summary.logType === null ? null : logType,
      noGuard: isPresent ? null : missingReason(guarded, (location) => this.#lineAt(location)),
      conditions: chosen?.map(conditionText) ?? [],
      conditionsFrom: chosen === null ? null : chosen === fromGuard ? 'guard' : 'filter',
      noConditions:
        isPresent && !isPolicy(body) && fromGuard === null
          ? this.#noConditions(guarded.program, logType)
          : null,
    }
    return { ...known, state }
  }

  #noConditions(program: GuardProgram, logType: string | null): GuardReason {
    const record = logType === null ? {} : { p_log_type: logType }
    const run = runRecorded(program, record, JSON.stringify(record))
    const reason = reasonOfRun(run, program, this.#locations(program))
    if (reason) return reason
    const message = 'the fields that it looks up first are not compared with constants'
    return { kind: 'filled', message, part: partAt(program.location, this.#lineAt(program.location)) }
  }

  #explain(number: number, entry: string): GuardExplanation {
    const record = JSON.parse(entry) as unknown
    const logType = logTypeOf(record)
    const { state, guarded, chosen } = this.#state(number, logType)
    const passesFilter = filterPasses(this.#bodies[number]!, entry)
    const nothing: GuardExplanation = {
      ...state,
      answer: passesFilter === false ? 'silent' : 'python',
      passesFilter,
      asked: null,
      held: [],
      steps: [],
      lookups: [],
    }
    if (guarded === null || !isObject(record)) return nothing
    const held = chosen?.filter((each) => holds(each, record)) ?? []
    const explained = { ...nothing, held: held.map(conditionText) }
    const isKnown = passesFilter === false || (chosen !== null && held.length === 0)
    if (!('summary' in guarded)) return { ...explained, answer: isKnown ? 'silent' : 'python' }
    const { program } = guarded
    const locations = this.#locations(program)
    const run = runRecorded(program, record, entry)
    const asked = reasonOfRun(run, program, locations)
    const isSilent = isKnown || asked === null
    return {
      ...explained,
      answer: isSilent ? 'silent' : 'python',
      asked: isSilent ? null : asked,
      steps: stepsOf(run.evaluations, program, locations),
      lookups: lookupsOf(run.evaluations, program, locations),
    }
  }

  #measure(number: number, entry: string): number | null {
    const guarded = this.#guards?.of(number, logTypeOf(JSON.parse(entry)))
    if (!guarded || !('summary' in guarded) || !isObject(JSON.parse(entry))) return null
    const times = Array.from({ length: MEASUREMENTS }, () => {
      // What is looked up in a record is remembered, so each is used once.
      const record = JSON.parse(entry) as RawObject
      const started = performance.now()
      guarded.guard.evaluate(record, entry)
      return (performance.now() - started) * 1000
    })
    return times.toSorted((a, b) => a - b)[MEASUREMENTS >> 1]!
  }

  #locations(program: GuardProgram) {
    return guardLocations(program, (path) => this.#texts.get(path) ?? null)
  }

  #lineAt([path, line]: PythonLocation): string {
    return (
      this.#texts
        .get(path)
        ?.split(/\r\n|\r|\n/)
        [line - 1]?.trim() ?? ''
    )
  }
}

const MEASUREMENTS = 51
const NO_MOCKS = '[]'
const NOTHING = { noGuard: null, conditions: [], conditionsFrom: null, noConditions: null }

function filterPasses(body: Body, entry: string): boolean | null {
  const filter = body.kind === 'detection' ? body.filter : null
  return filter && compile(filter)(parseExact(entry))
}

function isPolicy(body: Body): boolean {
  return body.kind === 'detection' && body.type === 'policy'
}

/** The log types whose data models the detection sees. */
function logTypesOf({ type, logTypes }: DetectionBody): readonly (string | null)[] {
  return type === 'rule' && logTypes.length > 0 ? logTypes : [null]
}

/** The log type whose data model a detection sees for this event. */
function logTypeOf(record: unknown): string | null {
  const own = isObject(record) && Object.hasOwn(record, 'p_log_type') ? record.p_log_type : null
  return typeof own === 'string' ? own : null
}

function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A detection that reads no data model has the same guard for every log type. */
function withoutEqual(states: readonly GuardState[]): GuardState[] {
  const known = new Map(states.map((state) => [JSON.stringify({ ...state, logType: null }), state]))
  return known.size === 1 ? [{ ...states[0]!, logType: null }] : [...states]
}

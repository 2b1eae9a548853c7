/**
 * The engine of `watch`. It remembers outcomes. Calls that must run use a fresh interpreter, which boots in advance and
 * loads only the detections that it needs.
 */
import type { PrewarmedWorker } from '../engine/pool/prewarmed-worker.ts'
import type { BodyProblem, Engine, TestCall, TestOutcome } from '../model/events/evaluation.ts'
import { NO_FACTS, type ProjectFacts } from '../model/events/facts.ts'
import type { Log } from '../model/ports.ts'
import type { Detection } from '../model/project/detection.ts'
import { NO_PACKAGES, type PackageSet } from '../model/project/packages.ts'
import type { Project } from '../model/project/project.ts'
import { type AffectedTests, isNeededBy } from '../testing/affected.ts'
import { type EngineStart, packagesOf, startEngine } from './open-project.ts'
import { warmUp } from './warm-up.ts'

/** A detection at the last start of an interpreter for it. */
interface RememberedDetection {
  readonly detection: Detection
  /** The keys are those of the cases. */
  readonly outcomes: Map<string, TestOutcome>
  /** The number of outcomes when all cases have run. */
  readonly cases: number
}

/** One worker runs this number of detections before a second one is ready. */
const MAX_DETECTIONS_FOR_ONE_WORKER = 50

type ChangedFiles = Pick<AffectedTests, 'dependants' | 'helpers' | 'dataModels'>

export class WatchEngine implements Pick<Engine, 'facts' | 'problems' | 'test'> {
  readonly #log: Log
  readonly #isSelected: (name: string) => boolean
  readonly #guards: boolean
  /** The interpreter of the last engine, and the one for the next engine. */
  #last: PrewarmedWorker | null = null
  #standby: PrewarmedWorker | null = null
  #running: Engine | null = null
  /** The ids of the loaded detections. */
  #loaded: ReadonlySet<string> = new Set()
  #facts: ProjectFacts = NO_FACTS
  #problems = new Map<string, BodyProblem>()
  #remembered = new Map<string, RememberedDetection>()
  #packages: PackageSet = NO_PACKAGES

  /** @param isSelected decides by the name of a case whether it can run. @param guards See `EngineOptions`. */
  constructor(log: Log, isSelected: (name: string) => boolean, guards = true) {
    this.#log = log
    this.#guards = guards
    this.#isSelected = isSelected
  }

  get facts(): ProjectFacts {
    return this.#facts
  }

  get problems(): readonly BodyProblem[] {
    return [...this.#problems.values()]
  }

  /** Starts an engine for the whole project. */
  async startAll(project: Project): Promise<void> {
    this.#remembered.clear()
    this.#problems.clear()
    this.#packages = packagesOf(project)
    await this.#start(project)
    this.#facts = this.#running!.facts
    for (const detection of project.detections.values()) this.#open(detection)
  }

  /** Starts an engine for the given detections and changed dependencies, unless no call must run. */
  async startChanged(
    project: Project,
    detections: readonly Detection[],
    changed: ChangedFiles,
  ): Promise<void> {
    for (const id of changed.dependants) this.#remembered.delete(id)
    const stale = detections.filter((detection) => this.#isStale(detection))
    this.#forgetAbsent(project)
    if (stale.length + changed.helpers.size + changed.dataModels.size === 0) return
    const part = {
      ...project,
      detections: new Map(stale.map((detection) => [detection.id, detection])),
      dataModels: project.dataModels.filter(
        (model) => changed.dataModels.has(model.id) || isNeededBy(stale, model),
      ),
    }
    for (const { id } of [...stale, ...part.dataModels]) this.#problems.delete(id)
    for (const id of changed.helpers) this.#problems.delete(id)
    await this.#start(part, {
      part: changed.helpers,
      workers: stale.length > MAX_DETECTIONS_FOR_ONE_WORKER ? undefined : 1,
    })
    this.#learnFacts(part, changed)
    for (const detection of stale) this.#open(detection)
  }

  /** Runs calls of detections that an engine was started for. */
  async test(calls: readonly TestCall[]): Promise<readonly TestOutcome[]> {
    const open = calls.filter((call) => this.#mustRun(call))
    const outcomes = open.length > 0 ? await this.#running!.test(open) : []
    for (const [at, call] of open.entries()) this.#outcomesOf(call).set(caseKey(call), outcomes[at]!)
    return calls.map((call) => this.#outcomesOf(call).get(caseKey(call))!)
  }

  /** Runs unit tests of some files in a separate engine. Returns null when aborted. */
  async unitTests<T>(
    project: Project,
    paths: ReadonlySet<string>,
    run: (engine: Engine) => Promise<T>,
    abort: AbortSignal,
  ): Promise<T | null> {
    const unitTests = project.unitTests.filter(({ path }) => paths.has(path))
    const part = { ...project, detections: new Map(), unitTests }
    const engine = await startEngine(part, 'test', this.#log, {
      prewarmed: this.#forkWorker(),
      packages: this.#packages,
      part: new Set(),
    })
    const stop = () => void engine.close()
    abort.addEventListener('abort', stop)
    try {
      return abort.aborted ? null : await run(engine)
    } catch (error) {
      if (abort.aborted) return null
      throw error
    } finally {
      abort.removeEventListener('abort', stop)
      await engine.close()
    }
  }

  /** Ends the interpreters after a round of tests and boots a fresh one for the next round. */
  releaseWorkers(): void {
    void this.#running?.close()
    this.#running = null
    this.#loaded = new Set()
    this.#standby ??= this.#forkWorker()
  }

  async close(): Promise<void> {
    await Promise.all([this.#running?.close(), this.#standby?.dispose()])
    this.#running = this.#standby = null
  }

  #forkWorker(): PrewarmedWorker {
    return this.#last?.fork(this.#packages) ?? warmUp()
  }

  async #start(project: Project, how: Pick<EngineStart, 'part' | 'workers'> = {}): Promise<void> {
    const packages = this.#packages
    const warm = this.#standby ?? warmUp()
    this.#last = warm
    this.#standby = null
    this.#running = await startEngine(project, 'test', this.#log, {
      prewarmed: warm,
      packages,
      guards: this.#guards,
      ...how,
    })
    this.#loaded = new Set(project.detections.keys())
    for (const problem of this.#running.problems) this.#problems.set(problem.id, problem)
  }

  #outcomesOf({ detection }: TestCall): RememberedDetection['outcomes'] {
    return this.#remembered.get(detection)!.outcomes
  }

  /** A known case does not run again only to record its reads. */
  #mustRun(call: TestCall): boolean {
    const known = this.#outcomesOf(call).get(caseKey(call))
    return this.#loaded.has(call.detection) && (!known || (call.recordReads === true && known.reads === null))
  }

  #isStale(detection: Detection): boolean {
    const known = this.#remembered.get(detection.id)
    if (!known || !hasSamePython(known.detection, detection)) return true
    return known.outcomes.size < known.cases && !this.#problems.has(detection.id)
  }

  #open(detection: Detection): void {
    const cases = new Set(detection.tests.filter(({ name }) => this.#isSelected(name)).map(caseKey))
    this.#remembered.set(detection.id, { detection, outcomes: new Map(), cases: cases.size })
  }

  #forgetAbsent({ detections, helpers, dataModels }: Project): void {
    const present = new Set([...detections.keys(), ...[...helpers, ...dataModels].map(({ id }) => id)])
    for (const id of this.#problems.keys()) if (!present.has(id)) this.#problems.delete(id)
    for (const id of this.#remembered.keys()) if (!present.has(id)) this.#remembered.delete(id)
  }

  /** Detections that are not valid Python any more lose their facts. */
  #learnFacts({ detections }: Project, { helpers, dataModels }: ChangedFiles): void {
    const { facts } = this.#running!
    const newer = <T>(
      older: ReadonlyMap<string, T>,
      fresh: ReadonlyMap<string, T>,
      gone: Iterable<string>,
    ) => {
      const all = new Map(older)
      for (const id of gone) all.delete(id)
      return new Map([...all, ...fresh])
    }
    this.#facts = {
      detections: newer(this.#facts.detections, facts.detections, detections.keys()),
      helpers: newer(this.#facts.helpers, facts.helpers, helpers),
      dataModels: newer(this.#facts.dataModels, facts.dataModels, dataModels),
      packages: facts.packages,
    }
  }
}

function caseKey({ entry, mocks }: Pick<TestCall, 'entry' | 'mocks'>): string {
  return `${mocks}\0${entry}`
}

/** Compares everything that affects the outcomes of the cases. */
function hasSamePython(one: Detection, other: Detection): boolean {
  const textOf = ({ type, simple, correlation, inlineFilter }: Detection) =>
    JSON.stringify([type, simple, correlation, inlineFilter])
  return (
    one.body?.source === other.body?.source &&
    one.body?.path === other.body?.path &&
    one.tests.length === other.tests.length &&
    one.tests.every(({ entry, mocks }, at) => {
      const test = other.tests[at]!
      return test.entry === entry && test.mocks === mocks
    }) &&
    textOf(one) === textOf(other)
  )
}

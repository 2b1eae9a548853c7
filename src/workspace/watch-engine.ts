/**
 * The engine of `watch`. What was run once is remembered. What must run runs in an interpreter without a past, which was
 * booted before it was asked for and loads only what it needs.
 */
import type { PrewarmedWorker } from '../engine/pool/prewarmed-worker.ts'
import type { BodyProblem, Engine, TestCall, TestOutcome } from '../model/events/evaluation.ts'
import { NO_FACTS, type ProjectFacts } from '../model/events/facts.ts'
import type { Log } from '../model/ports.ts'
import type { Detection } from '../model/project/detection.ts'
import { NO_PACKAGES, type PackageSet } from '../model/project/packages.ts'
import type { Project } from '../model/project/project.ts'
import { type AffectedTests, dependsOn } from '../testing/affected.ts'
import { type EngineStart, packagesOf, startEngine } from './open-project.ts'
import { warmUp } from './warm-up.ts'

/** A detection as it was when an interpreter was last started for it. */
interface RememberedDetection {
  readonly detection: Detection
  /** By case. */
  readonly outcomes: Map<string, TestOutcome>
  /** How many there will be. */
  readonly cases: number
}

/** So many detections one worker has run before a second would be ready. */
const MAX_DETECTIONS_FOR_ONE_WORKER = 50

type ChangedFiles = Pick<AffectedTests, 'dependants' | 'helpers' | 'dataModels'>

export class WatchEngine implements Pick<Engine, 'facts' | 'problems' | 'test'> {
  readonly #log: Log
  readonly #isSelected: (name: string) => boolean
  /** What the last one was loaded into, and what the next will be. */
  #last: PrewarmedWorker | null = null
  #standby: PrewarmedWorker | null = null
  #running: Engine | null = null
  /** Ids of the detections in it. */
  #loaded: ReadonlySet<string> = new Set()
  #facts: ProjectFacts = NO_FACTS
  #problems = new Map<string, BodyProblem>()
  #remembered = new Map<string, RememberedDetection>()
  #packages: PackageSet = NO_PACKAGES

  /** @param isSelected by a case's name: whether it is ever asked for. */
  constructor(log: Log, isSelected: (name: string) => boolean) {
    this.#log = log
    this.#isSelected = isSelected
  }

  get facts(): ProjectFacts {
    return this.#facts
  }

  get problems(): readonly BodyProblem[] {
    return [...this.#problems.values()]
  }

  /** For all of the project, anew. */
  async startAll(project: Project): Promise<void> {
    this.#remembered.clear()
    this.#problems.clear()
    this.#packages = packagesOf(project)
    await this.#start(project)
    this.#facts = this.#running!.facts
    for (const detection of project.detections.values()) this.#open(detection)
  }

  /** For these of its detections, and what changed of the things they lean on. Starts nothing where nothing must run. */
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
        ({ id, logTypes }) =>
          changed.dataModels.has(id) || logTypes.some((type) => stale.some((each) => dependsOn(each, type))),
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

  /** Of detections that a start was for. */
  async test(calls: readonly TestCall[]): Promise<readonly TestOutcome[]> {
    const open = calls.filter((call) => this.#mustRun(call))
    const outcomes = open.length > 0 ? await this.#running!.test(open) : []
    for (const [at, call] of open.entries()) this.#outcomesOf(call).set(caseKey(call), outcomes[at]!)
    return calls.map((call) => this.#outcomesOf(call).get(caseKey(call))!)
  }

  /** Runs what is asked of an engine of its own, for some files of unit tests. null: given up. */
  async unitTests<T>(
    project: Project,
    paths: ReadonlySet<string>,
    run: (engine: Engine) => Promise<T>,
    giveUp: AbortSignal,
  ): Promise<T | null> {
    const unitTests = project.unitTests.filter(({ path }) => paths.has(path))
    const part = { ...project, detections: new Map(), unitTests }
    const engine = await startEngine(part, 'test', this.#log, {
      prewarmed: this.#forkWorker(),
      packages: this.#packages,
      part: new Set(),
    })
    const stop = () => void engine.close()
    giveUp.addEventListener('abort', stop)
    try {
      return giveUp.aborted ? null : await run(engine)
    } catch (error) {
      if (giveUp.aborted) return null
      throw error
    } finally {
      giveUp.removeEventListener('abort', stop)
      await engine.close()
    }
  }

  /** After a round: its interpreters go, and one that knows nothing boots for the next. */
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
    this.#running = await startEngine(project, 'test', this.#log, { prewarmed: warm, packages, ...how })
    this.#loaded = new Set(project.detections.keys())
    for (const problem of this.#running.problems) this.#problems.set(problem.id, problem)
  }

  #outcomesOf({ detection }: TestCall): RememberedDetection['outcomes'] {
    return this.#remembered.get(detection)!.outcomes
  }

  /** What a known case read of its event is worth no start. */
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

  /** What is no Python any more has no facts. */
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

/** All that has a part in what its cases come to. */
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

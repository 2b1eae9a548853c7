/** What `watch` knows between two changes: the project, what its engine remembers, and the last result of everything. */

import { patchBodies } from '../../config/patch-bodies.ts'
import type { DetectionResult } from '../../model/events/test-result.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { Project } from '../../model/project/project.ts'
import { type AffectedTests, affectedBy } from '../../testing/affected.ts'
import { runTests } from '../../testing/run-tests.ts'
import { runUnitTests } from '../../testing/unit-test-results.ts'
import { bodyProblems, type Memory, openProject } from '../../workspace/open-project.ts'
import { WatchEngine } from '../../workspace/watch-engine.ts'
import type { Session } from '../command/session.ts'
import { nothingLoaded } from '../format/problems-text.ts'
import { type SelectionValues, selectionOf } from './selection.ts'

export interface TestRound {
  /** What was tested now, in load order; what else there is stands as it was. */
  readonly fresh: readonly DetectionResult[]
  readonly all: readonly DetectionResult[]
  readonly problems: readonly Problem[]
}

/** How a round comes along. */
export interface ProgressListener {
  /** How many detections will be told. */
  begin(detections: number): void
  result(result: DetectionResult): void
}

const NONE: ReadonlySet<string> = new Set()

export class WatchState {
  readonly #session: Session
  readonly #options: SelectionValues
  readonly #engine: WatchEngine
  readonly #read: Memory = new Map()
  readonly #results = new Map<string, DetectionResult>()
  #project: Project | null = null
  /** Files of unit tests that are still to be run. */
  #openUnits = new Set<string>()
  /** Only ids that hold this are tested. */
  pattern = ''

  constructor(session: Session, options: SelectionValues) {
    this.#session = session
    this.#options = options
    this.#engine = new WatchEngine(session.log, selectionOf(options).tests)
  }

  /** Everything anew. */
  async all(witness: ProgressListener): Promise<TestRound> {
    const project = await openProject(this.#session.workspace, this.#read)
    this.#project = null
    this.#results.clear()
    await this.#engine.startAll(project)
    this.#openUnits = new Set(project.unitTests.map(({ path }) => path))
    return this.#test(
      project,
      this.#chosen(project, () => true),
      witness,
    )
  }

  /** Only what the change touches. */
  async changed(paths: readonly string[], witness: ProgressListener): Promise<TestRound> {
    const before = this.#project
    if (!before || paths.includes(before.configuration[0]!)) return this.all(witness)
    const project = patchBodies(before, paths) ?? (await openProject(this.#session.workspace, this.#read))
    const [then, now] = [before, project].map((each) => affectedBy(each, this.#engine.facts, paths))
    const both = (of: (touched: AffectedTests) => ReadonlySet<string>) => new Set([...of(then!), ...of(now!)])
    const touched = both(({ detections }) => detections)
    const chosen = this.#chosen(project, (id) => touched.has(id) || !before.detections.has(id))
    await this.#engine.startChanged(project, chosen, {
      dependants: both(({ dependants }) => dependants),
      helpers: both(({ helpers }) => helpers),
      dataModels: both(({ dataModels }) => dataModels),
    })
    for (const path of both(({ unitTests }) => unitTests)) this.#openUnits.add(path)
    return this.#test(project, chosen, witness)
  }

  /** What failed at last, or everything that meets the pattern: run again, whatever is known of it. */
  async again(which: 'failed' | 'all', witness: ProgressListener): Promise<TestRound> {
    const project = this.#project
    if (!project || (which === 'all' && this.pattern === '')) return this.all(witness)
    const isMeant = (id: string) =>
      which === 'all' || ['failed', 'invalid'].includes(this.#results.get(id)?.status ?? '')
    const chosen = this.#chosen(project, isMeant)
    const dependants = new Set(chosen.map(({ id }) => id))
    await this.#engine.startChanged(project, chosen, { dependants, helpers: NONE, dataModels: NONE })
    for (const { path } of project.unitTests) if (isMeant(path)) this.#openUnits.add(path)
    return this.#test(project, chosen, witness)
  }

  /** The unit tests that the rounds so far left to run: apart, for they may take long. null: none, or given up. */
  async units(witness: ProgressListener, giveUp: AbortSignal): Promise<TestRound | null> {
    const project = this.#project
    const present = project?.unitTests.filter(({ path }) => this.#openUnits.has(path)) ?? []
    const isAsked = this.#options.filter.length === 0 && this.pattern === ''
    if (!project || present.length === 0 || !isAsked) return null
    const { tests } = selectionOf(this.#options)
    const run = (engine: Parameters<typeof runUnitTests>[1]) => runUnitTests(project, engine, tests)
    const paths = new Set(present.map(({ path }) => path))
    const fresh = await this.#engine.unitTests(project, paths, run, giveUp)
    if (fresh === null || giveUp.aborted) return null
    for (const result of fresh) witness.result(result)
    for (const path of paths) this.#openUnits.delete(path)
    return this.#round(project, fresh)
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  #chosen(project: Project, isMeant: (id: string) => boolean): Detection[] {
    const { detections } = selectionOf(this.#options)
    return [...project.detections.values()].filter(
      (detection) => isMeant(detection.id) && detection.id.includes(this.pattern) && detections(detection),
    )
  }

  async #test(project: Project, chosen: readonly Detection[], witness: ProgressListener): Promise<TestRound> {
    this.#project = project
    const { allowUnknownDestinations, failOnProblems } = this.#options
    const meant = new Set(chosen)
    witness.begin(meant.size)
    try {
      const fresh = await runTests(project, this.#engine, {
        selection: { ...selectionOf(this.#options), detections: (detection) => meant.has(detection) },
        allowUnknownDestinations,
        failOnProblems,
        onResult: (result) => witness.result(result),
      })
      return this.#round(project, fresh)
    } finally {
      this.#engine.releaseWorkers()
    }
  }

  #round(project: Project, fresh: readonly DetectionResult[]): TestRound {
    for (const result of fresh) this.#results.set(result.id, result)
    const files = new Set(project.unitTests.map(({ path }) => path))
    for (const id of this.#results.keys())
      if (!project.detections.has(id) && !files.has(id)) this.#results.delete(id)
    const problems = nothingLoaded(project)
      ? project.problems
      : [...project.problems, ...bodyProblems(project, this.#engine)]
    return { fresh, all: [...this.#results.values()], problems }
  }
}

/** The state of `watch` between two changes: the project, the state of its engine, and the last results. */

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
  /** The results of this round, in load order. All other results are unchanged. */
  readonly tested: readonly DetectionResult[]
  readonly all: readonly DetectionResult[]
  readonly problems: readonly Problem[]
}

/** Receives the progress of a round. */
export interface ProgressListener {
  /** @param detections the number of detections in this round. */
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
  /** The files of unit tests that have not run since a change. */
  #pendingUnitTests = new Set<string>()
  /** Only detections whose id contains this text are tested. */
  pattern = ''

  constructor(session: Session, options: SelectionValues) {
    this.#session = session
    this.#options = options
    this.#engine = new WatchEngine(session.log, selectionOf(options).tests, !options.noGuards)
  }

  /** Loads and tests everything. */
  async runAll(listener: ProgressListener): Promise<TestRound> {
    const project = await openProject(this.#session.workspace, { memory: this.#read })
    this.#project = null
    this.#results.clear()
    await this.#engine.startAll(project)
    this.#pendingUnitTests = new Set(project.unitTests.map(({ path }) => path))
    return this.#test(
      project,
      this.#select(project, () => true),
      listener,
    )
  }

  /** Tests only what the change affects. */
  async runChanged(paths: readonly string[], listener: ProgressListener): Promise<TestRound> {
    const before = this.#project
    if (!before || paths.includes(before.configuration[0]!)) return this.runAll(listener)
    const project =
      patchBodies(before, paths) ?? (await openProject(this.#session.workspace, { memory: this.#read }))
    const [then, now] = [before, project].map((each) => affectedBy(each, this.#engine.facts, paths))
    const both = (of: (affected: AffectedTests) => ReadonlySet<string>) =>
      new Set([...of(then!), ...of(now!)])
    const affected = both(({ detections }) => detections)
    const chosen = this.#select(project, (id) => affected.has(id) || !before.detections.has(id))
    await this.#engine.startChanged(project, chosen, {
      dependants: both(({ dependants }) => dependants),
      helpers: both(({ helpers }) => helpers),
      dataModels: both(({ dataModels }) => dataModels),
    })
    for (const path of both(({ unitTests }) => unitTests)) this.#pendingUnitTests.add(path)
    return this.#test(project, chosen, listener)
  }

  /** Runs the failed detections, or all that match the pattern, even if nothing changed. */
  async rerun(which: 'failed' | 'all', listener: ProgressListener): Promise<TestRound> {
    const project = this.#project
    if (!project || (which === 'all' && this.pattern === '')) return this.runAll(listener)
    const isSelected = (id: string) =>
      which === 'all' || ['failed', 'invalid'].includes(this.#results.get(id)?.status ?? '')
    const chosen = this.#select(project, isSelected)
    const dependants = new Set(chosen.map(({ id }) => id))
    await this.#engine.startChanged(project, chosen, { dependants, helpers: NONE, dataModels: NONE })
    for (const { path } of project.unitTests) if (isSelected(path)) this.#pendingUnitTests.add(path)
    return this.#test(project, chosen, listener)
  }

  /** Runs the pending unit tests after the cases, because they may take long. @returns null if there are none, or if they were aborted. */
  async runUnitTests(listener: ProgressListener, signal: AbortSignal): Promise<TestRound | null> {
    const project = this.#project
    const present = project?.unitTests.filter(({ path }) => this.#pendingUnitTests.has(path)) ?? []
    const isWholeProject = this.#options.filter.length === 0 && this.pattern === ''
    if (!project || present.length === 0 || !isWholeProject || this.#options.omitUnitTests) return null
    const { tests } = selectionOf(this.#options)
    const run = (engine: Parameters<typeof runUnitTests>[1]) => runUnitTests(project, engine, tests)
    const paths = new Set(present.map(({ path }) => path))
    const tested = await this.#engine.unitTests(project, paths, run, signal)
    if (tested === null || signal.aborted) return null
    for (const result of tested) listener.result(result)
    for (const path of paths) this.#pendingUnitTests.delete(path)
    return this.#toRound(project, tested)
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  #select(project: Project, isSelected: (id: string) => boolean): Detection[] {
    const { detections } = selectionOf(this.#options)
    return [...project.detections.values()].filter(
      (detection) => isSelected(detection.id) && detection.id.includes(this.pattern) && detections(detection),
    )
  }

  async #test(
    project: Project,
    chosen: readonly Detection[],
    listener: ProgressListener,
  ): Promise<TestRound> {
    this.#project = project
    const { allowUnknownDestinations, failOnProblems } = this.#options
    const selected = new Set(chosen)
    listener.begin(selected.size)
    try {
      const tested = await runTests(project, this.#engine, {
        selection: { ...selectionOf(this.#options), detections: (detection) => selected.has(detection) },
        allowUnknownDestinations,
        failOnProblems,
        onResult: (result) => listener.result(result),
      })
      return this.#toRound(project, tested)
    } finally {
      this.#engine.releaseWorkers()
    }
  }

  #toRound(project: Project, tested: readonly DetectionResult[]): TestRound {
    for (const result of tested) this.#results.set(result.id, result)
    const files = new Set(project.unitTests.map(({ path }) => path))
    for (const id of this.#results.keys())
      if (!project.detections.has(id) && !files.has(id)) this.#results.delete(id)
    const problems = nothingLoaded(project)
      ? project.problems
      : [...project.problems, ...bodyProblems(project, this.#engine)]
    return { tested: tested, all: [...this.#results.values()], problems }
  }
}

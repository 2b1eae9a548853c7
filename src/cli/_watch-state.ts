/** What `watch` knows between two changes: the project, its running engine, and the last result of everything. */
import type { Engine } from '../model/evaluation.ts'
import type { Problem } from '../model/problem.ts'
import type { Project } from '../model/project.ts'
import type { DetectionResult } from '../model/test-result.ts'
import { runTests } from '../testing/run-tests.ts'
import { touchedBy } from '../testing/touched.ts'
import { runUnitTests } from '../testing/unit-tests.ts'
import { bodyProblems, openProject, startEngine } from '../workspace/project.ts'
import { nothingLoaded } from './_problems.ts'
import { type SelectionValues, selectionOf } from './_selection.ts'
import type { Session } from './_session.ts'

export interface Round {
  /** What was tested now, in load order; what else there is stands as it was. */
  readonly fresh: readonly DetectionResult[]
  readonly all: readonly DetectionResult[]
  readonly problems: readonly Problem[]
}

interface Current {
  readonly project: Project
  readonly engine: Engine
}

export class WatchState {
  readonly #session: Session
  readonly #options: SelectionValues
  #current: Current | null = null
  #results = new Map<string, DetectionResult>()
  /** Only ids that hold this are tested. */
  pattern = ''

  constructor(session: Session, options: SelectionValues) {
    this.#session = session
    this.#options = options
  }

  /** Everything anew. */
  async all(): Promise<Round> {
    const { project, engine } = await this.#reload()
    this.#results.clear()
    return this.#test(project, engine, () => true, true)
  }

  /** Only what the change touches. */
  async changed(paths: readonly string[]): Promise<Round> {
    const before = this.#current
    if (!before) return this.all()
    const touched = touchedBy(before.project, before.engine.facts, paths)
    if (touched.onlyDetections) {
      const project = await this.#withNewer(before, touched.specs, touched.detections)
      if (project) {
        this.#current = { ...before, project }
        return this.#test(project, before.engine, (id) => touched.detections.has(id), false)
      }
    }
    const { project, engine } = await this.#reload()
    const after = touchedBy(project, engine.facts, paths)
    const isTouched = (id: string) =>
      touched.detections.has(id) ||
      after.detections.has(id) ||
      project.detections.get(id)?.version !== before.project.detections.get(id)?.version
    const unitTests = paths.some((path) => path.endsWith('.py')) && !touched.onlyDetections
    return this.#test(project, engine, isTouched, unitTests)
  }

  /** What failed at last, or everything that meets the pattern. */
  async again(which: 'failed' | 'all'): Promise<Round> {
    if (!this.#current) return this.all()
    const isBad = (id: string) => ['failed', 'invalid'].includes(this.#results.get(id)?.status ?? '')
    const isMeant = which === 'failed' ? isBad : () => true
    const { project, engine } = this.#current
    return this.#test(
      project,
      engine,
      isMeant,
      project.unitTests.some(({ path }) => isMeant(path)),
    )
  }

  async close(): Promise<void> {
    await this.#current?.engine.close()
    this.#current = null
  }

  async #reload(): Promise<Current> {
    const project = await openProject(this.#session.workspace)
    await this.close()
    const engine = await startEngine(project, 'test', this.#session.log)
    this.#current = { project, engine }
    return this.#current
  }

  /** The specs alone are read again. null: the running engine can't say what comes of it. */
  async #withNewer(
    { project, engine }: Current,
    specs: readonly string[],
    ids: ReadonlySet<string>,
  ): Promise<Project | null> {
    const broken = new Set(engine.problems.map(({ id }) => id))
    const part = await openProject({ ...this.#session.workspace, paths: specs })
    const detections = new Map(project.detections)
    for (const id of ids) {
      const [older, newer] = [project.detections.get(id), part.detections.get(id)]
      const isReplaceable =
        older?.body && newer?.body && older.type === newer.type && !older.inlineFilter && !newer.inlineFilter
      if (!isReplaceable || broken.has(id)) return null
      detections.set(id, newer)
    }
    const others = project.problems.filter(({ file }) => !specs.includes(file))
    const own = part.problems.filter(({ file }) => specs.includes(file))
    return { ...project, detections, problems: [...others, ...own] }
  }

  async #test(
    project: Project,
    engine: Engine,
    isMeant: (id: string) => boolean,
    unitTests: boolean,
  ): Promise<Round> {
    const selection = selectionOf(this.#options)
    const detections = (detection: Parameters<typeof selection.detections>[0]) =>
      isMeant(detection.id) && detection.id.includes(this.pattern) && selection.detections(detection)
    const { allowUnknownDestinations, failOnProblems } = this.#options
    const units = unitTests && this.#options.filter.length === 0 && this.pattern === ''
    const fresh = [
      ...(await runTests(project, engine, {
        selection: { ...selection, detections },
        allowUnknownDestinations,
        failOnProblems,
      })),
      ...(units ? await runUnitTests(project, engine, selection.tests) : []),
    ]
    for (const result of fresh) this.#results.set(result.id, result)
    const files = new Set(project.unitTests.map(({ path }) => path))
    for (const id of this.#results.keys())
      if (!project.detections.has(id) && !files.has(id)) this.#results.delete(id)
    const problems = nothingLoaded(project)
      ? project.problems
      : [...project.problems, ...bodyProblems(project, engine)]
    return { fresh, all: [...this.#results.values()], problems }
  }
}

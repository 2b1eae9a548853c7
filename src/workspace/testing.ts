/** The module `signalbox/testing` for tests in vitest or node:test: it loads a project and runs its detections on events. */

import { formatProblem } from '../config/files/problems.ts'
import { nearest } from '../core/did-you-mean.ts'
import { UserError } from '../errors.ts'
import type { Engine } from '../model/events/evaluation.ts'
import { type TestJson, testJson } from '../model/events/test-json.ts'
import { nullLog } from '../model/ports.ts'
import { alertsOn, type Detection, type Expectations, type TestCase } from '../model/project/detection.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'
import { evaluateCase } from '../testing/verdict.ts'
import { bodyProblems, openProject, startEngine } from './open-project.ts'

export type { TestJson } from '../model/events/test-json.ts'
export type { Expectations } from '../model/project/detection.ts'
export type { Problem } from '../model/project/problem.ts'

/** Options of `loadProject`. */
export interface LoadOptions {
  /** The folder of the detections repository; the current folder when absent. */
  readonly root?: string
  /** The path of the registry instead of destinations.yaml. */
  readonly destinations?: string
  /** True when unknown names of destinations are warnings instead of errors. */
  readonly allowUnknownDestinations?: boolean
}

/** Options of one evaluation. */
export interface EvaluateOptions {
  /** The keys are names in the body, the values what they return, as in `Mocks` of a test case. */
  readonly mocks?: Readonly<Record<string, unknown>>
  /** The expectations of a test case. The result lists those that fail in `failures`. */
  readonly expectations?: Expectations
}

/** A loaded project with running Python workers. */
export interface LoadedProject {
  /** The ids of the loaded detections. */
  readonly detections: readonly string[]
  /** The problems that `validate` reports. */
  readonly problems: readonly Problem[]
  /**
   * Runs the detection on one event, or a policy on one resource. Nothing is sent, and no secret is read.
   * @returns a case in the shape of `test --reporter json`; times are in milliseconds.
   * @throws UserError with the code `unknown-detection` for an id that is not loaded.
   */
  evaluate(id: string, event: object, options?: EvaluateOptions): Promise<TestJson>
  /** Stops the Python workers. */
  close(): Promise<void>
}

let latest: LoadedProject | undefined

/**
 * Loads a project and starts its Python workers. Call `close` when the tests are done.
 * @throws UserError for a folder that does not exist. Files with errors are left out and listed in `problems`.
 * @example
 * const { evaluate, close } = await loadProject({ root: 'detections-repository' })
 * const { matched, route } = await evaluate('My.Rule', { eventName: 'ConsoleLogin' })
 * await close()
 */
export async function loadProject({
  root = '.',
  destinations,
  ...options
}: LoadOptions = {}): Promise<LoadedProject> {
  const { allowUnknownDestinations = false } = options
  const project = await openProject({
    root,
    destinationsFile: destinations,
    allowUnknownDestinations,
    log: nullLog,
  })
  const engine = await startEngine(project, 'test', nullLog)
  const loaded: LoadedProject = {
    detections: [...project.detections.keys()],
    problems: [...project.problems, ...bodyProblems(project, engine)],
    evaluate: (id, event, evaluateOptions = {}) =>
      evaluateIn(project, engine, { id, event, allowUnknownDestinations, ...evaluateOptions }),
    close: () => engine.close(),
  }
  latest = loaded
  return loaded
}

/**
 * Runs a detection of the project that was loaded last.
 * @throws UserError with the code `project-not-loaded` before the first `loadProject`.
 */
export async function evaluate(id: string, event: object, options?: EvaluateOptions): Promise<TestJson> {
  if (!latest)
    throw new UserError('no project is loaded', {
      code: 'project-not-loaded',
      hint: 'await loadProject() first',
    })
  return latest.evaluate(id, event, options)
}

interface EvaluationRequest extends EvaluateOptions {
  readonly id: string
  readonly event: object
  readonly allowUnknownDestinations: boolean
}

async function evaluateIn(project: Project, engine: Engine, request: EvaluationRequest): Promise<TestJson> {
  const { id, event, allowUnknownDestinations, mocks = {}, expectations = {} } = request
  const detection = findLoadedDetection(id, project, engine)
  const entry = JSON.stringify(event)
  const replaced = Object.entries(mocks).map(([objectName, returnValue]) => ({ objectName, returnValue }))
  const call = { detection: id, entry, mocks: JSON.stringify(replaced), recordReads: true }
  const [outcome] = await engine.test([call])
  const result = outcome!.functions.detection?.output
  const test: TestCase = {
    name: id,
    location: detection.location,
    // No result is expected, so every result of the matcher passes.
    expectedResult: result ?? alertsOn(detection.type),
    entry,
    mocks: JSON.stringify(replaced),
    expectations,
  }
  const { registry, handling } = project
  const verdict = { registry, handling, allowUnknownDestinations, failOnProblems: false }
  return testJson(evaluateCase(detection, test, outcome!, verdict))
}

function findLoadedDetection(id: string, project: Project, engine: Engine): Detection {
  const found = project.detections.get(id)
  const errors = [...project.problems, ...bodyProblems(project, engine)].filter(
    ({ severity }) => severity === 'error',
  )
  const broken = engine.problems.some((problem) => problem.kind === 'detection' && problem.id === id)
  if (found && !broken) return found
  const near = nearest(id, project.detections.keys())
  const listed = errors.map(formatProblem).join('\n\n')
  throw new UserError(`detection "${id}" not found${listed && `; errors of the project:\n\n${listed}`}`, {
    code: 'unknown-detection',
    hint: near && near !== id ? `did you mean "${near}"?` : undefined,
  })
}

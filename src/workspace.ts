/** What the commands see of a project: its content, an engine, a store, and the story of one event. */
import { imageFolder, processEnvironment } from './config/env-file.ts'
import { type ActionsStep, actionsStep } from './config/github-actions.ts'
import { loadProject } from './config/load.ts'
import { settingsOf } from './config/settings.ts'
import { createEngine } from './engine/engine.ts'
import { openImageCache } from './engine/image-cache.ts'
import type { WarmEngine } from './engine/warm.ts'
import { UserError } from './errors.ts'
import type { DetectionCache } from './model/detection-cache.ts'
import type { BodyProblem, Engine } from './model/evaluation.ts'
import { type Log, systemClock } from './model/ports.ts'
import type { Problem } from './model/problem.ts'
import type { Project } from './model/project.ts'
import { readPackages } from './packages/read.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'
import { bodyProblem } from './testing/run-tests.ts'
import { noteStandIns } from './workspace/stand-ins.ts'
import { warmUp } from './workspace/warm-up.ts'

export { formatProblem } from './config/problems.ts'
export { watchProject } from './config/watch.ts'
export { DRAWINGS, drawRoutes } from './drawings/draw-routes.ts'
export type { CaseOutcome, RoutesDiff } from './routing/diff.ts'
export { VERSION } from './version.ts'
export { type Explanation, explain, explainOutcome } from './workspace/explain.ts'
export { layOut } from './workspace/git-tree.ts'
export { lintProject } from './workspace/lint.ts'
export { type Resent, resendAlert } from './workspace/resend.ts'
export { routeTable } from './workspace/routes.ts'
export { diffRoutes, type Side } from './workspace/routes-diff.ts'
export { unmute } from './workspace/unmute.ts'
export { warmUp } from './workspace/warm-up.ts'

export const DEFAULT_STORE = 'sqlite:.signalbox/signalbox.db'

export interface WorkspaceOptions {
  /** `--project`. */
  readonly root: string
  /** `--destinations`. */
  readonly destinationsFile?: string
  /** `--env-file`. */
  readonly envFile?: string
  readonly allowUnknownDestinations?: boolean
  /** Also say what Panther's own tool would refuse. */
  readonly upstreamRefusals?: boolean
  /** Explicit `test PATH` arguments: walked in full. */
  readonly paths?: readonly string[]
  /** `--python-path`, absolute. */
  readonly pythonPaths?: readonly string[]
  readonly log: Log
}

/** Loads the project; what is wrong with it is in its problems. */
export function openProject(options: WorkspaceOptions): Promise<Project> {
  const { envFile, log: _log, ...load } = options
  const environment = processEnvironment(envFile)
  return loadProject({ ...load, environment, keep: openImageCache(imageFolder(environment)) })
}

/** Where GitHub Actions wants a step's summary, and what it calls the project's folder. */
export function actionsStepOf({ root, envFile }: WorkspaceOptions): ActionsStep {
  return actionsStep(root, processEnvironment(envFile))
}

/** An engine for tests (every detection) or for live events (the enabled ones). */
export function startEngine(
  project: Project,
  purpose: 'run' | 'test',
  log: Log,
  warm: WarmEngine = warmUp(),
  cache?: DetectionCache,
): Promise<Engine> {
  const workers = project.settings.workers ?? undefined
  const packages = readPackages(project.settings.pythonPaths)
  return createEngine({ project, purpose, workers, packages, cache, log, warm })
}

/** Bodies that could not be loaded, or got less than they ask for, as problems with their places. */
export function bodyProblems(project: Project, engine: Engine): Problem[] {
  const broken = engine.problems.map((problem) => bodyProblem(problem, ownerOf(problem, project)))
  return [...broken, ...noteStandIns(project, engine.facts)]
}

function ownerOf(
  { kind, id }: BodyProblem,
  project: Project,
): { place: Project['helpers'][number]['place'] } {
  const owners = kind === 'helper' ? project.helpers : project.dataModels
  const owner = kind === 'detection' ? project.detections.get(id) : owners.find((each) => each.id === id)
  return owner ?? { place: { file: id, line: 0, column: 0 } }
}

/** The store that `--store` names, else signalbox.yaml, else the default file: to look at, and to write in short transactions. */
export async function openProjectStore(
  { root, envFile }: WorkspaceOptions,
  url: string | undefined,
): Promise<Store> {
  const { store } = settingsOf(root, processEnvironment(envFile))
  const chosen = url ?? store ?? DEFAULT_STORE
  if (chosen.startsWith('memory:')) {
    throw new UserError('a memory: store ends with its process, there is nothing to look at')
  }
  // A mistyped path must not read like a store without alerts.
  return openStore(chosen, { clock: systemClock, projectRoot: root, create: false })
}

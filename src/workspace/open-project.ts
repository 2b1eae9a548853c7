/** Opens a project and starts its engine, for commands that run detections. */
import { join } from 'node:path'
import { type Environment, processEnvironment, snapshotDirectory } from '../config/files/environment.ts'
import { type ActionsStep, actionsStep } from '../config/files/github-actions.ts'
import { type LoadOptions, loadProject } from '../config/load.ts'
import { PACKAGES_LOCK } from '../config/settings/python-paths.ts'
import { createEngine, type EngineOptions } from '../engine/engine.ts'
import { NO_CACHE, openSnapshotCache, type SnapshotCache } from '../engine/snapshot/snapshot-cache.ts'
import { isError } from '../errors.ts'
import type { BodyProblem, Engine } from '../model/events/evaluation.ts'
import type { Log } from '../model/ports.ts'
import type { PackageSet } from '../model/project/packages.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'
import { reportedProblems } from '../model/project/warning-policy.ts'
import { readLock } from '../packages/lock.ts'
import { readPackages } from '../packages/read.ts'
import { bodyProblem } from '../testing/run-tests.ts'
import { localTypeImporter } from './destinations/local-types.ts'
import { warnImports } from './import-warnings.ts'
import { warmUp } from './warm-up.ts'

export interface WorkspaceOptions {
  /** `--project`. */
  readonly root: string
  /** `--destinations`. */
  readonly destinationsFile?: string
  /** `--silences`. */
  readonly silencesFile?: string
  /** `--env-file`. */
  readonly envFile?: string
  readonly allowUnknownDestinations?: boolean
  readonly ignoreExtraKeys?: boolean
  /** True when problems that only Panther's own tool reports are included. */
  readonly reportPatIncompatibilities?: boolean
  /** `--allow-local-types`: destination types of the project are imported, and the options of their destinations checked. */
  readonly allowLocalTypes?: boolean
  /** The `test PATH` arguments; these folders are searched completely. */
  readonly paths?: readonly string[]
  /** `--python-path`, absolute. */
  readonly pythonPaths?: readonly string[]
  readonly log: Log
}

/** The parse results of files and test cases, for a process that loads its project repeatedly. */
export type Memory = Map<string, unknown>

/**
 * Loads the project with its problems. Without a memory, parse results are kept only on disk.
 *
 * @param select the detections that are needed; see `LoadOptions`.
 */
export async function openProject(
  options: WorkspaceOptions,
  { memory, select }: { readonly memory?: Memory; readonly select?: LoadOptions['select'] } = {},
): Promise<Project> {
  const { envFile: _envFile, log: _log, allowLocalTypes = false, ...load } = options
  const environment = processEnvironment(options)
  const cacheStorage = { ...openCache(environment, options.root), ...(memory && { memory }) }
  const importLocalType = allowLocalTypes ? localTypeImporter(options.root) : null
  const loaded = { ...load, environment, cacheStorage, importLocalType, ...(select && { select }) }
  return withLockProblem(await loadProject(loaded))
}

/** An unreadable lock becomes a problem and replaces those about packages, because it does not show which are missing. */
function withLockProblem(project: Project): Project {
  try {
    readLock(join(project.root, PACKAGES_LOCK), project.root)
    return project
  } catch (error) {
    if (!isError(error, 'user')) throw error
    const { message, hint = null } = error
    const location = { file: PACKAGES_LOCK, line: 0, column: 0 }
    const problem: Problem = { severity: 'error', code: 'invalid-lock', message, ...location, hint }
    const others = project.problems.filter(({ code }) => code !== 'python-packages')
    return { ...project, problems: [problem, ...others] }
  }
}

function openCache(environment: Environment, root: string): SnapshotCache {
  const folder = snapshotDirectory(environment, root)
  return folder === null ? NO_CACHE : openSnapshotCache(folder)
}

/** Returns the file for a step's summary of GitHub Actions, and its name for the folder of the project. */
export function actionsStepOf(workspace: WorkspaceOptions): ActionsStep {
  return actionsStep(workspace.root, processEnvironment(workspace))
}

export type EngineStart = Pick<
  EngineOptions,
  'prewarmed' | 'packages' | 'workers' | 'cache' | 'part' | 'guards' | 'clockMode'
>

/** The packages are read each time, because they take tens of megabytes. */
export function packagesOf({ settings }: Project): PackageSet {
  return readPackages(settings.pythonPaths)
}

/** Starts an engine for tests (all detections) or for live events (enabled detections). */
export function startEngine(
  project: Project,
  purpose: 'run' | 'test',
  log: Log,
  { prewarmed: warm = warmUp(project.root), packages = packagesOf(project), ...more }: EngineStart = {},
): Promise<Engine> {
  const workers = project.settings.workers ?? more.workers
  return createEngine({ ...more, project, purpose, workers, packages, log, prewarmed: warm })
}

/** Returns problems for bodies that failed to load, and for imports that a body may not expect. */
export function bodyProblems(project: Project, engine: Pick<Engine, 'problems' | 'facts'>): Problem[] {
  const broken = engine.problems.map((problem) => bodyProblem(problem, ownerOf(problem, project)))
  return reportedProblems([...broken, ...warnImports(project, engine.facts)], project.settings.warnings)
}

function ownerOf(
  { kind, id }: BodyProblem,
  project: Project,
): { location: Project['helpers'][number]['location'] } {
  const owners = kind === 'helper' ? project.helpers : project.dataModels
  const owner = kind === 'detection' ? project.detections.get(id) : owners.find((each) => each.id === id)
  return owner ?? { location: { file: id, line: 0, column: 0 } }
}

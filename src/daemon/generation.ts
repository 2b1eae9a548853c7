/** A generation: project, engine, destination types and secrets, which a reload replaces as a whole. */

import { createSecrets, type ProjectSecrets } from '../config/destinations/secrets.ts'
import { processEnvironment } from '../config/files/environment.ts'
import { shownProblems } from '../config/files/folded-problems.ts'
import type { DestinationType } from '../destinations/_destination.ts'
import { UserError } from '../errors.ts'
import type { RouteTable } from '../model/alerts/route-table.ts'
import type { DetectionCache } from '../model/events/detection-cache.ts'
import type { Engine, EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { Log, Secrets } from '../model/ports.ts'
import type { Registry } from '../model/project/destination.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project, RoutedProject } from '../model/project/project.ts'
import type { AccessRules } from '../server/access/access.ts'
import type { ServerTls } from '../server/server.ts'
import { loadTypes } from '../workspace/destinations/load-destination-types.ts'
import { bodyProblems, openProject, startEngine, type WorkspaceOptions } from '../workspace/open-project.ts'
import { declaredRouteTable } from '../workspace/routes/route-table-builder.ts'
import { warnUnusedContent } from '../workspace/unused-content.ts'
import { accessRules } from './access/access-rules.ts'
import { type HttpTlsFiles, readServerTls } from './access/http-tls.ts'
import { logGuards } from './guard-reports.ts'
import { checkHookSecrets } from './hooks/hook-secrets.ts'
import { projectHash } from './members/project-hash.ts'

export interface GenerationOptions {
  readonly workspace: WorkspaceOptions
  /** Broken files are left out and reported, instead of ending the start. */
  readonly skipInvalid: boolean
  /** See `EngineOptions`. */
  readonly guards: boolean
  /** Whether the log shows how many detections have guards. */
  readonly logsGuards?: boolean
  /** Destination modules of the user may be imported. */
  /** Folders beside the project that `${file:}` may read. */
  readonly secretsDirs: readonly string[]
  readonly log: Log
  /** Source specs of `--from`; if there are none, those of signalbox.yaml apply. */
  readonly from: readonly string[]
  /** `--http HOST:PORT`. */
  readonly http?: string
  readonly httpTls?: HttpTlsFiles
}

/** A project that can run: valid, its destination types loaded, its secrets readable. Python is not started yet. */
export interface PreparedProject {
  readonly project: RoutedProject
  /** See `projectHash`. */
  readonly hash: string
  readonly types: ReadonlyMap<string, DestinationType>
  readonly secrets: Secrets
  /** Who may use the API. */
  readonly access: AccessRules
  /** What connections to the server are encrypted with; null: they are not. */
  readonly tls: ServerTls | null
  /** The names of the tests of each detection, in the order of the file. */
  readonly testNames: ReadonlyMap<string, readonly string[]>
  /** Absolute paths of the files that the secrets are read from. */
  readonly secretFiles: readonly string[]
}

export interface Generation extends PreparedProject {
  /** Problems because of which files were left out, under `skipInvalid`. */
  readonly invalid: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Reasons for which no event can be evaluated now; empty: events can be evaluated. */
  unavailable(): readonly string[]
  evaluate(events: readonly Envelope[]): Promise<readonly EvaluatedEvent[]>
  /** The routes that metadata and text say. */
  routes(): RouteTable
  /** See `Engine`. */
  eventsWithoutPython(): number
  /** Waits for the evaluations under way, then ends the workers. */
  retire(): Promise<void>
}

/** Rejects with a UserError that holds every problem. */
export async function prepareGeneration(options: GenerationOptions): Promise<PreparedProject> {
  // An unknown destination does not keep the daemon from starting: its alerts go to the known ones, else to the fallback.
  const project = await openProject({ ...options.workspace, allowUnknownDestinations: true })
  throwOnProblems(project, project.problems, options.skipInvalid)
  const { registry } = project
  if (typeof registry === 'string') {
    throw new UserError('destinations.yaml not found: alerts would have no destination', {
      code: 'missing-registry',
      hint: 'create it with `signalbox destinations add`, or a whole repository with `signalbox init`',
    })
  }
  if (project.detections.size === 0) {
    throw new UserError(`no detections found in ${project.root}`, {
      code: 'empty-project',
      hint: 'name the folder of a detections repository with --project',
    })
  }
  const types = await loadTypes(registry, project.root, options.workspace.allowLocalTypes ?? false)
  const secrets = await readableSecrets(registry, project.root, options)
  const secretFiles = secrets.files(registry.destinations)
  const access = await accessRules(project.settings.api, secrets)
  await checkHookSecrets(project.settings.hooks, secrets)
  const tls = readServerTls(options.httpTls ?? {})
  const routed = { ...withoutTests(project), registry }
  const testNames = new Map(
    [...project.detections].map(([id, { tests }]) => [id, tests.map(({ name }) => name)]),
  )
  return { project: routed, hash: projectHash(routed), types, secrets, access, tls, secretFiles, testNames }
}

/** A run needs no test cases, and they are the largest part of a large repository. */
function withoutTests(project: Project): Project {
  const detections = [...project.detections].map(([id, each]) => [id, { ...each, tests: [] }] as const)
  return { ...project, detections: new Map(detections) }
}

/** Starts Python; rejects with a UserError that holds every body that could not be loaded. */
export async function startGeneration(
  prepared: PreparedProject,
  options: GenerationOptions,
  cache: DetectionCache,
): Promise<Generation> {
  const { project } = prepared
  const engine = await startEngine(project, 'run', options.log, { cache, guards: options.guards })
  try {
    const ofBodies = bodyProblems(project, engine)
    throwOnProblems(project, ofBodies, options.skipInvalid)
    const problems = [
      ...project.problems,
      ...ofBodies,
      ...warnUnusedContent(project, sourceTexts(project, options)),
    ]
    const invalid = problems.filter(isError)
    const warnings = problems.filter((problem) => !isError(problem))
    if (options.logsGuards) void logGuards(project, engine, options.log, options.guards)
    let table: RouteTable | null = null
    const routes = () => {
      table ??= declaredRouteTable(project, engine.facts)
      return table
    }
    return { ...prepared, invalid, warnings, routes, ...retirable(engine) }
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** The source specs as they are written. */
function sourceTexts({ settings }: Project, { from, http }: GenerationOptions): string[] {
  const named = from.length > 0 ? from : settings.sources
  return [...named, ...(http === undefined ? [] : [`http://${http}`])]
}

/** Every secret that an enabled destination needs must be readable before the first event is accepted. */
async function readableSecrets(
  registry: Registry,
  projectRoot: string,
  options: GenerationOptions,
): Promise<ProjectSecrets> {
  const environment = processEnvironment(options.workspace)
  const secrets = createSecrets({ environment, projectRoot, secretsDirs: options.secretsDirs })
  const missing = await secrets.missing(registry)
  if (missing.length === 0) return secrets
  throw new UserError(`missing secrets:\n${missing.map((line) => `  ${line}`).join('\n')}`, {
    code: 'missing-secret',
    hint: 'set them in the environment, in --env-file, or in the files that destinations.yaml names',
  })
}

function retirable(
  engine: Engine,
): Pick<Generation, 'unavailable' | 'evaluate' | 'eventsWithoutPython' | 'retire'> {
  const underWay = new Set<Promise<unknown>>()
  return {
    unavailable: () => engine.unavailable(),
    eventsWithoutPython: () => engine.eventsWithoutPython(),
    evaluate(events) {
      const evaluation = engine.evaluate(events)
      const settled = evaluation.then(
        () => {},
        () => {},
      )
      underWay.add(settled)
      void settled.then(() => underWay.delete(settled))
      return evaluation
    },
    async retire() {
      await Promise.all(underWay)
      await engine.close()
    },
  }
}

/** An error in the settings or the registry affects more than its file, so it cannot be skipped. */
function throwOnProblems(
  { configuration }: Pick<Project, 'configuration'>,
  problems: readonly Problem[],
  skipInvalid: boolean,
): void {
  const errors = problems.filter(isError)
  const fatal = skipInvalid ? errors.filter(({ file }) => configuration.includes(file)) : errors
  if (fatal.length === 0) return
  const many = fatal.length === 1 ? '1 problem' : `${fatal.length} problems`
  const listed = shownProblems(fatal)
    .map(({ text }) => text)
    .join('\n\n')
  throw new UserError(`${many} in the project\n\n${listed}`, {
    code: 'invalid-project',
    hint: skipInvalid
      ? 'correct the configuration: --skip-invalid leaves out detections only'
      : 'run `signalbox validate` to see them all, or leave the broken files out with --skip-invalid',
  })
}

/** A mistake in a test case does not affect what runs. */
function isError({ severity, keepsFile = false }: Problem): boolean {
  return severity === 'error' && !keepsFile
}

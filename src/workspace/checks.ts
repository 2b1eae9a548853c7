/** Looks at what the commands need of a project and its machine, and says what is missing. Changes and sends nothing. */
import { accessSync, constants, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { isLocalType } from '../config/destinations/destination-options.ts'
import { createSecrets } from '../config/destinations/secrets.ts'
import { processEnvironment, type SnapshotFolder, snapshotFolder } from '../config/files/environment.ts'
import { isError, messageOf } from '../errors.ts'
import { makeFolder, PRIVATE_FOLDER } from '../files/output-file.ts'
import { declaredDestinations } from '../model/project/destination.ts'
import type { Project } from '../model/project/project.ts'
import { loadTypes } from './destinations/load-destination-types.ts'
import { bodyProblems, openProject, startEngine, type WorkspaceOptions } from './open-project.ts'
import { DEFAULT_REJECTS, EXPOSED_HINT, exposedFiles } from './private-files.ts'
import { DEFAULT_STORE, openProjectStore } from './project-store.ts'
import { warnUnusedContent } from './unused-content.ts'

export interface CheckResult {
  readonly what: string
  readonly state: 'fine' | 'note' | 'missing'
  readonly detail: string
  readonly hint: string | null
}

type CheckOutcome = Omit<CheckResult, 'what'>

const fine = (detail: string): CheckOutcome => ({ state: 'fine', detail, hint: null })
const note = (detail: string, hint: string): CheckOutcome => ({ state: 'note', detail, hint })
const missing = (detail: string, hint: string): CheckOutcome => ({ state: 'missing', detail, hint })

interface SecretLocations {
  readonly secretsDirs: readonly string[]
  readonly httpTokenFile?: string
}

export async function runChecks(
  workspace: WorkspaceOptions,
  places: SecretLocations,
): Promise<CheckResult[]> {
  const { secretsDirs } = places
  const project = await openProject(workspace)
  const checks: [string, () => CheckOutcome | Promise<CheckOutcome>][] = [
    ['node', () => fine(process.versions.node)],
    ['cache', () => cache(snapshotFolder(processEnvironment(workspace), workspace.root))],
    ['files', () => files(project)],
    ['python', () => python(project, workspace)],
    ['detections', () => idleContent(project)],
    ['destinations', () => destinations(project)],
    ['secrets', () => secrets(project, workspace, secretsDirs)],
    ['store', () => store(workspace)],
    ['permissions', () => permissions(project, workspace, places)],
  ]
  const findings: CheckResult[] = []
  for (const [what, look] of checks) findings.push({ what, ...(await look()) })
  return [...findings, ...(await credentials(project))]
}

function cache({ folder, refusal }: SnapshotFolder): CheckOutcome {
  if (refusal !== null) {
    return note(`off: ${refusal}`, 'set XDG_CACHE_HOME to a folder outside of the repository')
  }
  try {
    makeFolder(folder, { folders: [], folderMode: PRIVATE_FOLDER })
    accessSync(folder, constants.W_OK)
    return fine(folder)
  } catch {
    return note(
      `${folder} can't be written to`,
      'each start then prepares Python anew; set XDG_CACHE_HOME to a folder of yours',
    )
  }
}

function files({ detections, problems }: Project): CheckOutcome {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) return missing(`${errors} errors`, '`signalbox validate` shows them with their places')
  if (detections.size === 0)
    return missing('no detection', '`signalbox init` makes a repository, `signalbox new rule ID` a rule')
  return fine(`${detections.size} detections`)
}

function idleContent(project: Project): CheckOutcome {
  const idle = warnUnusedContent(project, project.settings.sources)
  if (idle.length === 0) return fine('none is known never to fire')
  const [first] = idle
  return note(idle.map(({ message }) => message).join('; '), first!.hint ?? '')
}

async function python(project: Project, { log }: WorkspaceOptions): Promise<CheckOutcome> {
  const engine = await startEngine(project, 'test', log)
  try {
    const broken = bodyProblems(project, engine).filter(({ severity }) => severity === 'error').length
    if (broken === 0) return fine('every body loads')
    return missing(`${broken} bodies can't be loaded`, '`signalbox validate` shows why')
  } finally {
    await engine.close()
  }
}

async function destinations({ registry, root }: Project): Promise<CheckOutcome> {
  if (registry === 'invalid') return missing('the registry has errors', '`signalbox validate` shows them')
  if (registry === 'absent') {
    return missing('no destinations.yaml', '`signalbox destinations add` begins one; `run` needs it')
  }
  try {
    await loadTypes(registry, root, false)
  } catch (error) {
    if (isError(error, 'user')) return note(error.message, error.hint ?? '')
    throw error
  }
  const enabled = registry.destinations.filter((each) => each.enabled).length
  if (registry.fallback.length === 0) {
    return note(
      `${enabled} enabled, and no fallback`,
      'name one in `fallback`: else an alert may reach nobody',
    )
  }
  return fine(`${enabled} enabled`)
}

async function secrets(
  { registry, root }: Project,
  workspace: WorkspaceOptions,
  secretsDirs: readonly string[],
): Promise<CheckOutcome> {
  if (typeof registry === 'string') return fine('none are needed')
  const environment = processEnvironment(workspace)
  const lacking = await createSecrets({ environment, projectRoot: root, secretsDirs }).missing(registry)
  if (lacking.length === 0) return fine('all can be read')
  return missing(
    lacking.join('; '),
    'set them in the environment, in --env-file, or in the files that destinations.yaml names',
  )
}

function permissions(project: Project, workspace: WorkspaceOptions, places: SecretLocations): CheckOutcome {
  const { root, settings, registry } = project
  const environment = processEnvironment(workspace)
  const secrets = createSecrets({ environment, projectRoot: root, secretsDirs: places.secretsDirs })
  const exposed = exposedFiles(project, {
    storeLocation: settings.store ?? DEFAULT_STORE,
    rejects: resolve(root, settings.rejects ?? DEFAULT_REJECTS),
    secrets: secrets.files(declaredDestinations(registry)),
    named: [places.httpTokenFile, workspace.envFile],
  })
  if (exposed.length === 0) return fine('files with alerts or secrets are for their owner alone')
  return note(`other users can read ${exposed.join(', ')}`, EXPOSED_HINT)
}

/** Of destinations whose credentials a library looks for: which place served. */
async function credentials({ registry, root }: Project): Promise<CheckResult[]> {
  if (typeof registry === 'string') return []
  const used = registry.destinations.filter(({ enabled, type }) => enabled && !isLocalType(type))
  const types = await loadTypes({ ...registry, destinations: used }, root, false)
  const found: CheckResult[] = []
  for (const { name, type, options } of used) {
    const { identity } = (types.get(type) ?? {}) as { identity?: (options: object) => Promise<string> }
    if (identity) found.push({ what: 'credentials', ...(await identified(name, identity(options))) })
  }
  return found
}

function identified(name: string, identity: Promise<string>): Promise<CheckOutcome> {
  return identity.then(
    (detail) => fine(`${name}: ${detail}`),
    (error: unknown) => missing(`${name}: ${messageOf(error)}`, "see the page of the destination's type"),
  )
}

async function store(workspace: WorkspaceOptions): Promise<CheckOutcome> {
  if (!existsSync(resolve(workspace.root, '.signalbox'))) return fine('none yet; `signalbox run` makes it')
  try {
    const opened = await openProjectStore(workspace, undefined, 'read')
    await opened.close()
    return fine(opened.location)
  } catch (error) {
    return isError(error, 'user')
      ? note(messageOf(error), 'see docs/store.md')
      : missing(messageOf(error), 'the file may be damaged')
  }
}

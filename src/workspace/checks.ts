/** Checks what the commands need of a project and its machine, and reports what is missing. It changes and sends nothing. */
import { accessSync, constants } from 'node:fs'
import { createSecrets } from '../config/destinations/secrets.ts'
import { processEnvironment, type SnapshotFolder, snapshotFolder } from '../config/files/environment.ts'
import { credentialRequests } from '../delivery/http/credential-requests.ts'
import { createHttpClient, DEFAULT_HTTP_LIMITS } from '../delivery/http/http-client.ts'
import { revealOptions } from '../delivery/reveal-options.ts'
import { type DestinationType, usesHttp } from '../destinations/_destination.ts'
import { isError, messageOf } from '../errors.ts'
import { makeFolder, PRIVATE_FOLDER } from '../files/output-file.ts'
import type { HttpClient, Secrets } from '../model/ports.ts'
import { type Destination, declaredDestinations } from '../model/project/destination.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'
import { type CheckOutcome, describeMembers } from './daemons/member-checks.ts'
import { loadTypes } from './destinations/load-destination-types.ts'
import { isLocalType } from './destinations/local-types.ts'
import {
  coverageText,
  type GuardCoverage,
  guardCoverage,
  incompleteText,
  incompleteTypes,
} from './guards/guard-coverage.ts'
import { checkHookSetup } from './hooks/hook-checks.ts'
import { bodyProblems, openProject, startEngine, type WorkspaceOptions } from './open-project.ts'
import { EXPOSED_HINT, exposedFiles, rejectsFile } from './private-files.ts'
import { openProjectStore, storeUrlOf } from './project-store.ts'
import { warnUnusedContent } from './unused-content.ts'

export interface CheckResult extends CheckOutcome {
  readonly what: string
}

type Checked = CheckOutcome | readonly CheckOutcome[]

const fine = (detail: string): CheckOutcome => ({ state: 'fine', detail, hint: null })
const note = (detail: string, hint: string): CheckOutcome => ({ state: 'note', detail, hint })
const missing = (detail: string, hint: string): CheckOutcome => ({ state: 'missing', detail, hint })

interface SecretLocations {
  readonly secretsDirs: readonly string[]
  readonly httpTokenFile?: string
  readonly httpTlsKey?: string
}

export async function runChecks(
  workspace: WorkspaceOptions,
  locations: SecretLocations,
): Promise<CheckResult[]> {
  const { secretsDirs } = locations
  const project = await openProject(workspace)
  const loaded = await loadBodies(project, workspace)
  const checks: [string, () => Checked | Promise<Checked>][] = [
    ['node', () => fine(process.versions.node)],
    ['cache', () => cache(snapshotFolder(processEnvironment(workspace), workspace.root))],
    ['files', () => files(project)],
    ['python', () => python(loaded)],
    ['guards', () => guards(loaded)],
    ['detections', () => idleContent(project)],
    ['destinations', () => destinations(project, workspace)],
    ['secrets', () => secrets(project, workspace, secretsDirs)],
    ['store', () => store(workspace)],
    ['hooks', () => hooks(project, workspace, secretsDirs)],
    ['permissions', () => permissions(project, workspace, locations)],
  ]
  const results: CheckResult[] = []
  for (const [what, check] of checks) {
    for (const outcome of [await check()].flat()) results.push({ what, ...outcome })
  }
  return [...results, ...(await credentials(project, workspace, secretsDirs))]
}

function cache({ folder, refusal }: SnapshotFolder): CheckOutcome {
  if (refusal !== null) {
    return note(`disabled: ${refusal}`, 'set XDG_CACHE_HOME to a directory outside the repository')
  }
  try {
    makeFolder(folder, { folders: [], folderMode: PRIVATE_FOLDER })
    accessSync(folder, constants.W_OK)
    return fine(folder)
  } catch {
    return note(
      `${folder} is not writable`,
      'without a cache every start rebuilds the Python snapshot; set XDG_CACHE_HOME to a writable directory',
    )
  }
}

function files({ detections, problems }: Project): CheckOutcome {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) return missing(`${errors} errors`, 'run `signalbox validate` to list them')
  if (detections.size === 0)
    return missing(
      'no detections found',
      'run `signalbox init` to create a repository, or `signalbox new rule ID` for a rule',
    )
  return fine(`${detections.size} detections`)
}

function idleContent(project: Project): CheckOutcome {
  const idle = warnUnusedContent(project, project.settings.sources)
  if (idle.length === 0) return fine('no unused content found')
  const [first] = idle
  return note(idle.map(({ message }) => message).join('; '), first!.hint ?? '')
}

interface LoadedBodies {
  readonly problems: readonly Problem[]
  readonly coverage: GuardCoverage
}

async function loadBodies(project: Project, { log }: WorkspaceOptions): Promise<LoadedBodies> {
  const engine = await startEngine(project, 'test', log)
  try {
    return { problems: bodyProblems(project, engine), coverage: await guardCoverage(project, engine) }
  } finally {
    await engine.close()
  }
}

function python({ problems }: LoadedBodies): CheckOutcome {
  const broken = problems.filter(({ severity }) => severity === 'error').length
  if (broken === 0) return fine('all bodies load')
  return missing(`${broken} bodies failed to load`, 'run `signalbox validate` for the reasons')
}

/** More log types are counted. */
const MAX_SHOWN_LOG_TYPES = 10
const GUARDS_HINT = 'run `signalbox validate --guards` for the reasons, and how to write it'

/** Nothing is missing without guards: events take longer. */
function guards({ coverage }: LoadedBodies): CheckOutcome[] {
  if (coverage.detections.total === 0) return [fine('no enabled detection has Python')]
  const incomplete = incompleteTypes(coverage)
  const shown = incomplete
    .slice(0, MAX_SHOWN_LOG_TYPES)
    .map((each) => note(incompleteText(each), GUARDS_HINT))
  const rest = incomplete.length - shown.length
  const more = rest > 0 ? [note(`${rest} more log types are not complete`, GUARDS_HINT)] : []
  return [fine(coverageText(coverage)), ...shown, ...more]
}

async function destinations(
  { registry, root }: Project,
  { allowLocalTypes = false }: WorkspaceOptions,
): Promise<CheckOutcome> {
  if (registry === 'invalid')
    return missing('destinations.yaml has errors', 'run `signalbox validate` to list them')
  if (registry === 'absent') {
    return missing('destinations.yaml not found', 'run `signalbox destinations add` to create it')
  }
  try {
    await loadTypes(registry, root, allowLocalTypes)
  } catch (error) {
    if (isError(error, 'user')) return note(error.message, error.hint ?? '')
    throw error
  }
  const enabled = registry.destinations.filter((each) => each.enabled).length
  if (registry.fallback.length === 0) {
    return note(`${enabled} enabled, no fallback`, 'add a `fallback` for alerts that no destination accepts')
  }
  return fine(`${enabled} enabled`)
}

async function secrets(
  { registry, root }: Project,
  workspace: WorkspaceOptions,
  secretsDirs: readonly string[],
): Promise<CheckOutcome> {
  if (typeof registry === 'string') return fine('no secrets required')
  const environment = processEnvironment(workspace)
  const lacking = await createSecrets({ environment, projectRoot: root, secretsDirs }).missing(registry)
  if (lacking.length === 0) return fine('all secrets are readable')
  return missing(
    lacking.join('; '),
    'set them in the environment, in --env-file, or in the files that destinations.yaml names',
  )
}

function permissions(
  project: Project,
  workspace: WorkspaceOptions,
  locations: SecretLocations,
): CheckOutcome {
  const { root, settings, registry } = project
  const storeLocation = storeUrlOf(settings)
  const environment = processEnvironment(workspace)
  const secrets = createSecrets({ environment, projectRoot: root, secretsDirs: locations.secretsDirs })
  const exposed = exposedFiles(project, {
    storeLocation,
    rejects: rejectsFile(project, storeLocation),
    secrets: secrets.files(declaredDestinations(registry)),
    named: [locations.httpTokenFile, locations.httpTlsKey, workspace.envFile],
  })
  if (exposed.length === 0) return fine('files with alerts or secrets are readable only by their owner')
  return note(`other users can read ${exposed.join(', ')}`, EXPOSED_HINT)
}

/** Reports where a library found the credentials of a destination. */
async function credentials(
  { registry, root }: Project,
  workspace: WorkspaceOptions,
  secretsDirs: readonly string[],
): Promise<CheckResult[]> {
  if (typeof registry === 'string') return []
  const { allowLocalTypes = false } = workspace
  const used = registry.destinations.filter(
    ({ enabled, type }) => enabled && (allowLocalTypes || !isLocalType(type)),
  )
  const types = await loadTypes({ ...registry, destinations: used }, root, allowLocalTypes)
  const environment = processEnvironment(workspace)
  const secrets = createSecrets({ environment, projectRoot: root, secretsDirs })
  const http = createHttpClient(DEFAULT_HTTP_LIMITS)
  const results: CheckResult[] = []
  for (const destination of used) {
    const outcome = await identified(destination, types.get(destination.type), { secrets, http })
    if (outcome) results.push({ what: 'credentials', ...outcome })
  }
  await http.close()
  return results
}

/** Undefined: the type has no credentials that a library finds. */
async function identified(
  { name, options: given }: Destination,
  type: DestinationType | undefined,
  { secrets, http }: { readonly secrets: Secrets; readonly http: HttpClient },
): Promise<CheckOutcome | undefined> {
  if (!type || !usesHttp(type) || !type.identity) return undefined
  let redact = (text: string) => text
  try {
    const revealed = await revealOptions(secrets, type.options, given)
    redact = revealed.redact
    const { options } = revealed
    return fine(
      redact(`${name}: ${await type.identity(options as never, credentialRequests(http, options))}`),
    )
  } catch (error) {
    const hint = isError(error, 'user') ? error.hint : undefined
    return missing(
      redact(`${name}: ${messageOf(error)}`),
      hint ?? 'see the documentation of the destination type',
    )
  }
}

async function hooks(
  project: Project,
  workspace: WorkspaceOptions,
  secretsDirs: readonly string[],
): Promise<CheckOutcome[]> {
  if (Object.keys(project.settings.hooks).length === 0) return []
  const environment = processEnvironment(workspace)
  const secrets = createSecrets({ environment, projectRoot: project.root, secretsDirs })
  // The check of the store says why it cannot be read.
  const opened = await openProjectStore(workspace, undefined, 'read').catch(() => null)
  const outcomes = await checkHookSetup(project, secrets, opened)
  await opened?.close()
  return outcomes
}

async function store(workspace: WorkspaceOptions): Promise<Checked> {
  try {
    const opened = await openProjectStore(workspace, undefined, 'read')
    const members = opened.isShared ? await opened.members() : []
    await opened.close()
    return [fine(opened.location), ...describeMembers(members)]
  } catch (error) {
    if (isError(error, 'user') && error.code === 'store-not-found')
      return fine('not created yet; `signalbox run` creates it')
    return isError(error, 'user')
      ? note(messageOf(error), 'see docs/store.md')
      : missing(messageOf(error), 'the file may be corrupt')
  }
}

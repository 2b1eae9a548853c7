/**
 * The files of a project -> one frozen Project, with every problem at once. Resolves no secret. Of the project's code only
 * its destination types run, where that is allowed.
 */
import { resolve } from 'node:path'
import type { Catalog } from '../core/catalog.ts'
import { DESTINATION_TYPES } from '../destinations/_catalog.ts'
import type { DestinationType } from '../destinations/_destination.ts'
import { UserError } from '../errors.ts'
import { isFolder } from '../files/path-kind.ts'
import { systemClock } from '../model/ports.ts'
import { NO_HANDLING_RULES, rulesOfDestinations } from '../model/project/handling-rules.ts'
import type { Project } from '../model/project/project.ts'
import { reportedProblems } from '../model/project/warning-policy.ts'
import type { ImportLocalType } from './destinations/destination-types.ts'
import { INVALID_ROUTING, loadDestinations, NO_ROUTING } from './destinations/destinations.ts'
import { locateRegistry, REGISTRY_FILE } from './destinations/registry-location.ts'
import { buildContent } from './detections/content.ts'
import { crossCheck } from './detections/cross-checks.ts'
import { findUnitTests } from './detections/find-unit-tests.ts'
import type { SelectDetection } from './detections/needed-specs.ts'
import { reportPatIncompatibilities } from './detections/pat-compat.ts'
import { type ReadSpec, readSpec } from './detections/spec.ts'
import { type Discovered, discover, projectPath } from './files/discover.ts'
import type { Environment } from './files/environment.ts'
import { type CacheStorage, ParseCache } from './files/parse-cache.ts'
import { ProblemList } from './files/problems.ts'
import { readText } from './files/source-text.ts'
import { warnOfSilences } from './handling/silence-warnings.ts'
import { loadSilences, locateSilences, SILENCES_FILE } from './handling/silences.ts'
import { checkApi } from './settings/api-rules.ts'
import { checkHooks } from './settings/hook-rules.ts'
import { loadSettings, SETTINGS_FILE } from './settings/load-settings.ts'
import { pythonPaths } from './settings/python-paths.ts'
import { checkTrust } from './settings/trust-rules.ts'

export interface LoadOptions {
  /** Returns the time in epoch ms, for warnings about tokens that end; the default is that of the machine. */
  readonly now?: () => number
  readonly root: string
  /** The default is the file of the settings, else destinations.yaml if it exists. */
  readonly destinationsFile?: string
  /** The default is the file of the settings, else silences.yaml if it exists. */
  readonly silencesFile?: string
  /** Unknown destinations are warnings. */
  readonly allowUnknownDestinations?: boolean
  /** True: report what panther_analysis_tool rejects, too. */
  readonly reportPatIncompatibilities?: boolean
  /** Unknown keys of a detection are warnings. */
  readonly ignoreExtraKeys?: boolean
  /** Variables other than `SIGNALBOX_*` are ignored. */
  readonly environment?: Environment
  /** Paths to load, with the helpers and data models near them. Empty: the whole project. */
  readonly paths?: readonly string[]
  /** They precede the paths of environment and settings. */
  readonly pythonPaths?: readonly string[]
  /** The destination types. The default is the catalog of this package. */
  readonly destinationTypes?: Catalog<DestinationType>
  /** Imports destination types of the project. Without it no code of the project runs, and their options are not checked. */
  readonly importLocalType?: ImportLocalType | null
  /** Keeps parsed specs between runs. */
  readonly cacheStorage?: CacheStorage
  /**
   * Only these detections are needed, with their bases and members. Unchanged specs are not read, and the Python and the
   * expectations of other detections are not read at all. It has no effect together with paths.
   */
  readonly select?: SelectDetection | null
}

export async function loadProject(options: LoadOptions): Promise<Project> {
  const isSelecting = Boolean(options.select) && !options.paths?.length
  let isStale = false
  const onStale = () => {
    isStale = true
  }
  const project = await loadOnce(options, isSelecting ? onStale : null)
  // A selected detection is missing if its base has an error. Why it is missing shows the whole project.
  if (project.isSelection && project.detections.size === 0)
    return loadOnce({ ...options, select: null }, null)
  return isStale ? loadOnce(options, null) : project
}

/** @param onStale called when a file that was not read has changed. null: every file is read. */
async function loadOnce(options: LoadOptions, onStale: (() => void) | null): Promise<Project> {
  const root = resolve(options.root)
  if (!isFolder(root)) {
    throw new UserError(`${options.root} is not a directory`, {
      code: 'missing-project',
      hint: 'name the directory of a project with --project',
    })
  }
  const ignoreExtraKeys = options.ignoreExtraKeys ?? false
  // The problems of a text depend on the option, so it is part of the cache key.
  const parseCache = new ParseCache<ReadSpec>(
    `${root}${ignoreExtraKeys ? '\0ignoreExtraKeys' : ''}`,
    options.cacheStorage,
  )
  const own = new ProblemList(parseCache)
  const environment = options.environment ?? {}
  const { settings, destinationsFile, silencesFile, document } = loadSettings(root, environment, own)
  const now = options.now?.() ?? systemClock.now()
  if (document) checkApi(settings.api, document, now, own)
  const packagePaths = pythonPaths(root, { flags: options.pythonPaths ?? [], environment, document }, own)
  // The default file may be absent; a file that the user named must exist.
  const registry = locateRegistry(root, {
    flag: options.destinationsFile,
    environment,
    declared: destinationsFile,
  })
  const { destinationTypes: bundled = DESTINATION_TYPES, importLocalType: importLocal = null } = options
  // Invalid settings may name another file, so that the absence of the default file means nothing.
  const undeclared = own.hasError(SETTINGS_FILE) ? INVALID_ROUTING : NO_ROUTING
  const routing = registry.isDeclared
    ? await loadDestinations(registry, { root, bundled, importLocal }, own)
    : undeclared
  if (document) {
    const { registry: loaded } = routing
    checkHooks(settings.hooks, document, typeof loaded === 'string' ? null : loaded.destinations, own)
  }
  const silencesLocation = locateSilences(root, {
    flag: options.silencesFile,
    environment,
    declared: silencesFile,
  })
  const silences = silencesLocation.isDeclared
    ? loadSilences(silencesLocation, { now, destinations: routing.names }, own)
    : null
  const configuration = [SETTINGS_FILE, registry.file, silencesLocation.file]

  const problems = new ProblemList(parseCache)
  const found = await discover(root, options.paths)
  const { folders } = found
  warnExcludedPaths(root, found, configuration, problems)
  const isWhole = !options.paths?.length
  const reading = { parseCache, ignoreExtraKeys, folders, onStale }
  const specs = found.specs
    .filter((path) => ![...configuration, REGISTRY_FILE, SILENCES_FILE].includes(projectPath(root, path)))
    .flatMap((path) => readSpec(path, root, reading, problems) ?? [])
  crossCheck(specs, isWhole, problems)
  const { trustSubjects, ...content } = buildContent(specs, {
    root,
    folders,
    expectationsFiles: found.expectationsFiles,
    // A part of the project does not show what is missing.
    python: isWhole ? found.python : [],
    pythonLinks: found.pythonLinks,
    select: (isWhole && options.select) || null,
    routing,
    allowUnknownDestinations: options.allowUnknownDestinations ?? false,
    problems,
  })
  void parseCache.keep(isWhole)
  // A trust group can be empty when the command names paths.
  if (document && isWhole) checkTrust(settings.trust, trustSubjects, document, own)
  const isComplete = isWhole && !options.select
  if (silences) warnOfSilences(silences, isComplete ? content.detections.values() : null, now, own)
  const unitTests = findUnitTests({ root, folders }, [...content.helpers, ...content.dataModels], problems)
  // This runs after the content is built, because its errors keep no file out of the project.
  if (options.reportPatIncompatibilities) await reportPatIncompatibilities(specs, root, problems)
  return deepFreeze({
    root,
    folders,
    ...content,
    unitTests,
    registry: routing.registry,
    handling: {
      silences: (silences ?? NO_HANDLING_RULES).silences,
      inhibitions: (silences ?? NO_HANDLING_RULES).inhibitions,
      destinations: rulesOfDestinations(routing.registry),
    },
    settings: { ...settings, pythonPaths: packagePaths },
    configuration,
    problems: reportedProblems([...own.sorted(), ...problems.sorted()], settings.warnings),
  })
}

/** Warns about files that were found and are not loaded, so that a typo in a folder's name is noticed. */
function warnExcludedPaths(
  root: string,
  found: Discovered,
  configuration: readonly string[],
  problems: ProblemList,
): void {
  const skipped = found.outside.filter((path) => {
    const read = readText(path, found.folders)
    return 'text' in read && /^AnalysisType\s*:/m.test(read.text)
  })
  for (const path of skipped) {
    problems.file('warning', projectPath(root, path), {
      code: 'skipped-analysis-file',
      message: 'this file with an AnalysisType is outside the searched directories',
      hint: 'move it under detections/, or pass its directory to test',
    })
  }
  for (const { path, leads } of found.links) {
    const file = projectPath(root, path)
    // The readers of settings and registry report their files as errors.
    if (!configuration.includes(file)) problems.file('warning', file, LINK_PROBLEMS[leads])
  }
}

const LINK_PROBLEMS = {
  outside: { code: 'outside-project', message: 'symbolic link points outside the project; ignored' },
  'to-folder': { code: 'linked-folder', message: 'symbolic link to a directory; ignored' },
  nowhere: { code: 'broken-link', message: 'broken or circular symbolic link' },
} as const

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  const inner = value instanceof Map ? value.values() : Object.values(value)
  for (const part of inner) deepFreeze(part)
  return value
}

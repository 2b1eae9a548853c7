/** signalbox.yaml and `SIGNALBOX_*` -> complete settings. The environment wins over the file; flags win over both. */
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import { hasEntry } from '../../files/path-kind.ts'
import type { HookName, HookSettings, HooksSettings } from '../../model/project/hook-settings.ts'
import {
  type ClassificationMatcher,
  type ClusterSettings,
  DEFAULT_SETTINGS,
  HOST_ID,
  HOST_ID_FORM,
  type Settings,
} from '../../model/project/settings.ts'
import type { TrustRule } from '../../model/project/trust-group.ts'
import { parseDuration } from '../files/durations.ts'
import type { Environment } from '../files/environment.ts'
import { formatProblem, ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { SETTINGS_SCHEMA } from '../schemas/settings-schema.ts'
import { readMapping } from '../yaml/mapping.ts'
import { checkSchema } from '../yaml/schema-check.ts'
import { toRecord } from '../yaml/yaml.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'
import { type DeclaredRetention, retentionSettings } from './retention-settings.ts'

export const SETTINGS_FILE = 'signalbox.yaml'

/** The content of a valid signalbox.yaml. */
interface DeclaredSettings {
  sources?: string[]
  classification?: ClassificationMatcher[]
  store?: string
  workers?: number
  trust?: TrustRule[]
  limits?: Partial<Settings['limits']>
  cluster?: Partial<Omit<Settings['cluster'], 'orphanAfterMs'>> & { orphanAfter?: string }
  retention?: DeclaredRetention
  api?: Partial<Settings['api']>
  hooks?: Partial<Record<HookName, Partial<HookSettings> & Pick<HookSettings, 'secret'>>>
  alertUrl?: string
  python?: unknown
  lint?: { off?: Settings['lintOff'] }
  warnings?: Partial<Settings['warnings']>
  rejects?: string
  hostId?: string
  destinations?: string
  silences?: string
}

interface LoadedSettings {
  /** `pythonPaths` are not resolved yet. */
  readonly settings: Settings
  /** The registry file that the settings name; null: they name none. */
  readonly destinationsFile: string | null
  /** The file of silences that the settings name; null: they name none. */
  readonly silencesFile: string | null
  /** null: there is no file, or it has errors. */
  readonly document: SettingsDocument | null
}
export interface SettingsDocument {
  readonly source: SourceText
  readonly node: MappingNode
}

export function loadSettings(root: string, environment: Environment, problems: ProblemList): LoadedSettings {
  const file = readFile(root, problems)
  const declared = { ...file?.declared, ...fromEnvironment(environment) }
  const {
    python: _,
    limits,
    cluster,
    retention,
    api,
    hooks,
    lint,
    warnings,
    destinations = null,
    silences = null,
    ...rest
  } = declared
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    ...rest,
    limits: { ...DEFAULT_SETTINGS.limits, ...limits },
    cluster: { ...DEFAULT_SETTINGS.cluster, ...clusterSettings(cluster) },
    retention: retentionSettings(retention),
    api: apiSettings(api),
    hooks: hookSettings(hooks),
    lintOff: lint?.off ?? [],
    warnings: { ...DEFAULT_SETTINGS.warnings, ...warnings },
  }
  return { settings, destinationsFile: destinations, silencesFile: silences, document: file }
}

/** Names of headers are compared in lower case. */
function apiSettings(declared: DeclaredSettings['api'] = {}): Settings['api'] {
  const { identity = null, ...rest } = declared
  return {
    ...DEFAULT_SETTINGS.api,
    ...rest,
    identity: identity && { ...identity, header: identity.header.toLowerCase() },
  }
}

function hookSettings(declared: DeclaredSettings['hooks'] = {}): HooksSettings {
  const complete = Object.entries(declared).map(([name, hook]) => {
    return [name, { destination: null, closedReasons: {}, ignoreUsers: [], ...hook }] as const
  })
  return Object.fromEntries(complete)
}

function clusterSettings({
  orphanAfter,
  ...rest
}: DeclaredSettings['cluster'] = {}): Partial<ClusterSettings> {
  return { ...rest, ...(orphanAfter !== undefined && { orphanAfterMs: parseDuration(orphanAfter)! }) }
}

/** The settings alone. Settings with errors are refused: they may name another store than the default. */
export function settingsOf(root: string, environment: Environment): Settings {
  const problems = new ProblemList()
  const { settings } = loadSettings(root, environment, problems)
  const errors = problems.sorted().filter(({ severity }) => severity === 'error')
  if (errors.length > 0)
    throw new UserError(errors.map(formatProblem).join('\n\n'), { code: 'invalid-settings' })
  return settings
}

/** null: there is no file, or it has an error and is ignored as a whole. */
function readFile(
  root: string,
  problems: ProblemList,
): (SettingsDocument & { declared: DeclaredSettings }) | null {
  const path = join(root, SETTINGS_FILE)
  // A broken link is an error, not an absent file.
  if (!hasEntry(path)) return null
  const mapping = readMapping({ path, file: SETTINGS_FILE, folders: [root] }, problems)
  if (!mapping) return null
  const declared = toRecord(mapping.node)
  return checkSchema(SETTINGS_SCHEMA, { ...mapping, value: declared }, problems)
    ? { ...mapping, declared }
    : null
}

function fromEnvironment(environment: Environment): DeclaredSettings {
  const text = (name: string) => environment[`SIGNALBOX_${name}`] || undefined
  const declared: DeclaredSettings = {
    store: text('STORE'),
    workers: wholeNumber('SIGNALBOX_WORKERS', text('WORKERS')),
    alertUrl: text('ALERT_URL'),
    rejects: text('REJECTS'),
    hostId: hostId(text('HOST_ID')),
  }
  return Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined))
}

function hostId(text: string | undefined): string | undefined {
  if (text === undefined || HOST_ID.test(text)) return text
  throw new UserError(`SIGNALBOX_HOST_ID must have ${HOST_ID_FORM}`, { code: 'invalid-environment-variable' })
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new UserError(`${name} must be a whole number above 0`, { code: 'invalid-environment-variable' })
}

/** destinations.yaml -> the registry and its overrides, or every problem in it. A type is loaded for its schema alone. */
import { nearest } from '../../core/did-you-mean.ts'
import type { TimeInterval } from '../../core/time-intervals.ts'
import { ALERT_KINDS, type AlertKind, alertGroup } from '../../model/alerts/alert-kind.ts'
import type { UpdateEvent } from '../../model/alerts/alert-update.ts'
import { parseSeverity } from '../../model/alerts/severity.ts'
import type { Destination, NoRegistry, Registry } from '../../model/project/destination.ts'
import { parseDuration } from '../files/durations.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { DESTINATIONS_SCHEMA } from '../schemas/destinations-schema.ts'
import { type FileLocation, parseMapping, readMapping } from '../yaml/mapping.ts'
import { checkSchema, nodeAt, type ReportPolicy } from '../yaml/schema-check.ts'
import { toRecord } from '../yaml/yaml.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'
import { checkOptions, unsupportedKind } from './destination-options.ts'
import type { DestinationTypes } from './destination-types.ts'
import { checkHandling, type DeclaredHandling, handlingOf } from './handling-keys.ts'
import { type DeclaredInterval, readIntervals, type YamlDocument } from './interval-keys.ts'
import { type Override, readOverrides } from './overrides.ts'

const SECRET = { secret: true }
const DEFAULT_MAX_AGE = '3d'
const DEFAULT_FALLBACK_AFTER = '15m'
const DEFAULT_BURST = 10
const DEFAULT_CONCURRENCY = 8
const DEFAULT_REPEAT_EVERY = '1h'

/** The content of a valid destinations.yaml. */
interface DeclaredRegistry {
  fallback?: string[]
  fallbackAfter?: string
  heartbeat?: { cron: string; destinations: string[] }
  onEscalation?: 'count' | 'send'
  intervals?: Record<string, DeclaredInterval>
  overrides?: unknown[]
  destinations: DeclaredDestination[]
}
interface DeclaredDestination extends DeclaredHandling {
  name: string
  id?: string
  previousNames?: string[]
  type: string
  severities?: string[]
  alertTypes?: string[]
  logTypes?: string[]
  strict?: boolean
  enabled?: boolean
  options?: Record<string, unknown>
  retry?: { maxAge?: string; maxAttempts?: number }
  rateLimit?: { perMinute: number; burst?: number }
  concurrency?: number
  updates?: UpdateEvent[]
  repeatEvery?: string
}

/** Errors with these keywords concern known keys, so their lines can be shown. A misplaced key may hold a secret. */
const OPEN_KEYWORDS = new Set(['enum', 'uniqueItems', 'pattern', 'const'])
const secretPolicy: ReportPolicy = ({ keyword }) =>
  OPEN_KEYWORDS.has(keyword) ? 'report' : 'report-secretly'

export interface DeclaredRouting {
  readonly registry: Registry | NoRegistry
  readonly overrides: readonly Override[]
  /** Every declared name and id, even if the file has errors; null: there is no registry. */
  readonly names: ReadonlySet<string> | null
}

export const NO_ROUTING: DeclaredRouting = { registry: 'absent', overrides: [], names: null }
export const INVALID_ROUTING: DeclaredRouting = { ...NO_ROUTING, registry: 'invalid' }

export async function loadDestinations(
  location: FileLocation,
  types: DestinationTypes,
  problems: ProblemList,
): Promise<DeclaredRouting> {
  const mapping = readMapping(location, problems, SECRET)
  return checkDestinations(location.file, mapping, types, problems)
}

/** Checks a text before it becomes the file. */
export function checkDestinationsText(
  source: SourceText,
  types: DestinationTypes,
  problems: ProblemList,
): Promise<DeclaredRouting> {
  return checkDestinations(source.file, parseMapping(source, problems, SECRET), types, problems)
}

async function checkDestinations(
  name: string,
  mapping: YamlDocument | null,
  types: DestinationTypes,
  problems: ProblemList,
): Promise<DeclaredRouting> {
  if (!mapping) {
    if (!problems.hasError(name))
      problems.file('error', name, { code: 'empty-file', message: 'the file is empty' })
    return INVALID_ROUTING
  }
  const { source, node } = mapping
  const value = toRecord(node)
  if (!checkSchema(DESTINATIONS_SCHEMA, { source, node, value }, problems, secretPolicy)) {
    return { ...INVALID_ROUTING, names: declaredNames(value) }
  }
  const declared = value as unknown as DeclaredRegistry
  const document = { source, node }
  checkNames(declared, document, problems)
  await checkLists(declared, document, problems)
  for (const [index, destination] of declared.destinations.entries()) {
    const entry = nodeAt(node, `/destinations/${index}`) as MappingNode
    const refuses = await checkOptions(destination, { source, node: entry }, types, problems)
    const beat = declared.heartbeat?.destinations.indexOf(destination.name) ?? -1
    if (beat === -1) continue
    const { offset } = nodeAt(node, `/heartbeat/destinations/${beat}`)
    unsupportedKind({ type: destination.type, kind: 'HEARTBEAT', refuses }, source, offset, problems)
  }
  const intervals = readIntervals(declared.intervals ?? {}, document, problems)
  const intervalNames = Object.keys(declared.intervals ?? {})
  const { destinations } = declared
  for (const index of destinations.keys())
    checkHandling(index, { document, destinations, intervalNames, problems })
  const names = declaredNames(value)
  if (problems.hasError(name)) return { ...INVALID_ROUTING, names }
  const registry = registryOf(name, declared, intervals, document)
  return { registry, overrides: readOverrides(document), names }
}

/** Reads the names of a file that may have errors. */
function declaredNames(value: Record<string, unknown>): Set<string> {
  const names = new Set<string>()
  const entries: unknown[] = Array.isArray(value.destinations) ? value.destinations : []
  for (const entry of entries) {
    const { name, id } = (entry ?? {}) as { name?: unknown; id?: unknown }
    for (const text of [name, id]) if (typeof text === 'string') names.add(text)
  }
  return names
}

/** Names and ids are one namespace: either may be used to name a destination. */
function checkNames(
  { destinations }: DeclaredRegistry,
  { source, node }: YamlDocument,
  problems: ProblemList,
): void {
  const claimed = new Map<string, { what: string; line: number }>()
  const claim = (text: string, pointer: string, what: string) => {
    const other = claimed.get(text)
    const { offset } = nodeAt(node, pointer)
    if (other === undefined) claimed.set(text, { what, line: source.locationAt(offset).line })
    else {
      problems.error(source, offset, {
        code: 'duplicate-name',
        message: `duplicate ${what} "${text}": already used as ${other.what} at ${source.file}:${other.line}`,
      })
    }
  }
  for (const [i, { name, id }] of destinations.entries()) {
    claim(name, `/destinations/${i}/name`, 'name')
    if (id !== undefined) claim(id, `/destinations/${i}/id`, 'id')
  }
  for (const [i, { previousNames = [] }] of destinations.entries()) {
    for (const [j, name] of previousNames.entries()) {
      claim(name, `/destinations/${i}/previousNames/${j}`, 'previous name')
    }
  }
}

async function checkLists(
  declared: DeclaredRegistry,
  { source, node }: YamlDocument,
  problems: ProblemList,
): Promise<void> {
  const { fallback = [], heartbeat, destinations } = declared
  const enabled = new Map(destinations.map(({ name, enabled = true }) => [name, enabled]))
  const reportUnknown = (names: readonly string[], pointer: string) => {
    for (const [i, name] of names.entries()) {
      if (enabled.has(name)) continue
      const near = nearest(name, enabled.keys())
      problems.error(source, nodeAt(node, `${pointer}/${i}`).offset, {
        code: 'unknown-destination',
        message: `unknown destination "${name}"`,
        hint: near ? `did you mean "${near}"?` : null,
      })
    }
  }
  reportUnknown(fallback, '/fallback')
  if (fallback.length > 0 && fallback.every((name) => enabled.get(name) === false)) {
    problems.error(source, nodeAt(node, '/fallback').offset, {
      code: 'fallback-disabled',
      message: 'every destination of the fallback is disabled',
      hint: 'enable one of them, or add another destination to fallback',
    })
  }
  if (!heartbeat) return
  reportUnknown(heartbeat.destinations, '/heartbeat/destinations')
  const { validate } = await import('node-cron')
  if (validate(heartbeat.cron)) return
  problems.error(source, nodeAt(node, '/heartbeat/cron').offset, {
    code: 'bad-value',
    message: `invalid cron expression "${heartbeat.cron}"`,
    hint: 'for example "*/15 * * * *"',
  })
}

function registryOf(
  file: string,
  declared: DeclaredRegistry,
  intervals: readonly TimeInterval[],
  { source, node }: YamlDocument,
): Registry {
  const { fallback = [], heartbeat = null, onEscalation = 'count', destinations } = declared
  const { fallbackAfter = DEFAULT_FALLBACK_AFTER } = declared
  return {
    file,
    destinations: destinations.map((destination, i) => {
      const { line } = source.locationAt(nodeAt(node, `/destinations/${i}`).offset)
      return destinationOf(destination, intervals, `${file}:${line}`)
    }),
    fallback,
    fallbackAfterMs: parseDuration(fallbackAfter)!,
    heartbeat,
    onEscalation,
    intervals,
  }
}

function destinationOf(
  declared: DeclaredDestination,
  intervals: readonly TimeInterval[],
  location: string,
): Destination {
  const { rateLimit, retry = {} } = declared
  return {
    name: declared.name,
    id: declared.id ?? null,
    previousNames: declared.previousNames ?? [],
    type: declared.type,
    enabled: declared.enabled ?? true,
    severities: (declared.severities ?? []).flatMap((text) => parseSeverity(text) ?? []),
    alertTypes: declared.alertTypes ? expandAlertTypes(declared.alertTypes) : null,
    logTypes: declared.logTypes ?? null,
    strict: declared.strict ?? false,
    options: declared.options ?? {},
    retry: {
      maxAgeMs: parseDuration(retry.maxAge ?? DEFAULT_MAX_AGE)!,
      maxAttempts: retry.maxAttempts ?? 0,
    },
    rateLimit: rateLimit ? { perMinute: rateLimit.perMinute, burst: rateLimit.burst ?? DEFAULT_BURST } : null,
    concurrency: declared.concurrency ?? DEFAULT_CONCURRENCY,
    updates: declared.updates ?? [],
    repeatEveryMs: parseDuration(declared.repeatEvery ?? DEFAULT_REPEAT_EVERY)!,
    handling: handlingOf(declared, intervals),
    location,
  }
}

function expandAlertTypes(names: readonly string[]): AlertKind[] {
  return ALERT_KINDS.filter((kind) => names.includes(kind) || names.includes(alertGroup(kind)))
}

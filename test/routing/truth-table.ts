/** Reads truth-table.md, builds its example registry and runs its requests. Nothing in this file decides a route. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildErrors, buildMatch, buildSystem } from '../../src/alerts/build.ts'
import { ALERT_KINDS, type AlertKind } from '../../src/model/alerts/alert-kind.ts'
import type { FunctionResult } from '../../src/model/alerts/finding.ts'
import type { Route, RouteRequest } from '../../src/model/alerts/route.ts'
import type { Destination, NoRegistry, Registry } from '../../src/model/project/destination.ts'
import type { DetectionType } from '../../src/model/project/detection.ts'
import { destination, detection, failure, finding, registry } from '../support/model.ts'

export type Resolve = (request: RouteRequest, registry: Registry | NoRegistry) => Route

const ALERTS = ['RULE', 'SCHEDULED_RULE', 'POLICY', 'CORRELATION_RULE'] as const
const ERRORS = ['RULE_ERROR', 'SCHEDULED_RULE_ERROR', 'POLICY_ERROR', 'CORRELATION_RULE_ERROR'] as const

interface FunctionCase<T> {
  /** The body of the Python function; null: there is none. */
  readonly python: string | null
  /** The result that arrives; an error is recognized by its type alone. */
  readonly arrives: FunctionResult<T> | undefined
}

const TEAMS = ['t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9', 't10']
const ID = 'id-of-soc'

export const DESTINATIONS: Readonly<Record<string, FunctionCase<readonly string[] | null>>> = {
  absent: { python: null, arrives: undefined },
  None: { python: 'return None', arrives: { output: null } },
  '[]': { python: 'return []', arrives: { output: [] } },
  '[SKIP]': { python: "return ['SKIP']", arrives: { output: ['SKIP'] } },
  '[SKIP known]': { python: "return ['SKIP', 'soc']", arrives: { output: ['SKIP', 'soc'] } },
  '[known]': { python: "return ['soc']", arrives: { output: ['soc'] } },
  '[unknown]': { python: "return ['gone']", arrives: { output: ['gone'] } },
  '[known unknown]': { python: "return ['soc', 'gone']", arrives: { output: ['soc', 'gone'] } },
  '[known known]': { python: "return ['soc', 'soc']", arrives: { output: ['soc', 'soc'] } },
  '[name id]': { python: `return ['soc', '${ID}']`, arrives: { output: ['soc', ID] } },
  '[eleven]': {
    python: "return ['soc'] + [f't{n}' for n in range(1, 11)]",
    arrives: { output: ['soc', ...TEAMS] },
  },
  raises: { python: "return {}['x']", arrives: failure('KeyError') },
  'wrong type': { python: "return 'soc'", arrives: failure('FunctionReturnTypeError') },
}

export const SEVERITY: Readonly<Record<string, FunctionCase<string>>> = {
  absent: { python: null, arrives: undefined },
  valid: { python: "return 'CRITICAL'", arrives: { output: 'CRITICAL' } },
  'mixed case': { python: "return 'cRiTiCaL'", arrives: { output: 'CRITICAL' } },
  unaccepted: { python: "return 'LOW'", arrives: { output: 'LOW' } },
  DEFAULT: { python: "return 'DEFAULT'", arrives: { output: 'DEFAULT' } },
  invalid: { python: "return 'INFORMATIONAL'", arrives: failure('AssertionError') },
  raises: { python: "return {}['x']", arrives: failure('KeyError') },
}

const OUTPUT_IDS: Readonly<Record<string, readonly string[]>> = {
  absent: [],
  '[]': [],
  '[known]': ['soc'],
  '[unknown]': ['gone'],
  '[SKIP]': ['SKIP'],
}

type Filters = (kind: AlertKind) => Partial<Destination>
const byLogType: Filters = () => ({ logTypes: ['Okta.*'] })
const byAlertType: Filters = (kind) => ({ alertTypes: ALERT_KINDS.filter((other) => other !== kind) })
const SOC: Readonly<Record<string, Filters>> = {
  open: () => ({}),
  'log type refuses': byLogType,
  'alert type refuses': byAlertType,
  // A system alert has no log type that a filter could accept.
  'strict accepts': (kind) => ({
    strict: true,
    alertTypes: [kind],
    logTypes: isOf(ALERTS, kind) || isOf(ERRORS, kind) ? ['AWS.*'] : null,
  }),
  'strict log type refuses': (kind) => ({ strict: true, ...byLogType(kind) }),
  'strict alert type refuses': (kind) => ({ strict: true, ...byAlertType(kind) }),
  'strict without filters': () => ({ strict: true }),
  disabled: () => ({ enabled: false }),
}

const COLUMNS = [
  ALERT_KINDS,
  Object.keys(DESTINATIONS),
  Object.keys(OUTPUT_IDS),
  Object.keys(SEVERITY),
  Object.keys(SOC),
  ['fallback', 'no fallback', 'fallback disabled', 'none'],
] as const
const GROUPS: Readonly<Record<string, readonly string[]>> = { ALERT: ALERTS, ERROR: ERRORS }

export interface Row {
  /** The values that each column stands for. */
  readonly asked: readonly (readonly string[])[]
  /** The text has level, destinations, problems and trace. */
  readonly expected: string
  readonly line: number
}

export function readRows(): Row[] {
  const lines = readFileSync(join(import.meta.dirname, 'truth-table.md'), 'utf8').split('\n')
  return lines.flatMap((text, at) => {
    if (!/^\| [A-Z]/.test(text)) return []
    const cells = text
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''))
    if (cells.length !== COLUMNS.length + 4) throw new Error(`line ${at + 1} has ${cells.length} cells`)
    const asked = COLUMNS.map((values, i) => alternatives(cells[i]!, values))
    return [{ asked, expected: cells.slice(COLUMNS.length).join(' | '), line: at + 1 }]
  })
}

function alternatives(cell: string, values: readonly string[]): readonly string[] {
  if (cell === 'any') return values
  const negated = cell.startsWith('not ')
  const named = (negated ? cell.slice(4) : cell).split(', ').flatMap((word) => GROUPS[word] ?? [word])
  for (const word of named)
    if (!values.includes(word)) throw new Error(`"${word}" is not a value of its column`)
  return negated ? values.filter((value) => !named.includes(value)) : named
}

/** The first combination of a row, and each that differs from it in one column. */
export function neighboursOf({ asked }: Row): string[][] {
  const first = asked.map((values) => values[0]!)
  return [first, ...asked.flatMap((values, i) => values.slice(1).map((value) => first.with(i, value)))]
}

export function combinationsOf({ asked }: Row): string[][] {
  return asked.reduce<string[][]>(
    (all, values) => all.flatMap((start) => values.map((value) => [...start, value])),
    [[]],
  )
}

const OVERRIDE = 'destinations.yaml:9'

/** Asks one combination, with and without an override, and returns the answers as texts like the right side of a row. */
export function askBoth(resolve: Resolve, combination: readonly string[]): readonly [string, string] {
  return [routeText(ask(resolve, combination, null)), routeText(ask(resolve, combination, OVERRIDE))]
}

export function overrideIsNamed(resolve: Resolve, combination: readonly string[]): boolean {
  const step = ask(resolve, combination, OVERRIDE).trace.find(({ level }) => level === 'static-destinations')
  return step?.reason.includes(OVERRIDE) ?? false
}

function ask(resolve: Resolve, combination: readonly string[], override: string | null): Route {
  const [kind, result, ids, severity, soc, registryIs] = combination as [AlertKind, ...string[]]
  const request = requestOf(kind, result!, ids!, severity!, override)
  return resolve(request, registryIs === 'none' ? 'absent' : exampleRegistry(kind, soc!, registryIs!))
}

/**
 * The request is built from the results of the functions, as in production. Results are passed on even if they must
 * be ignored.
 */
function requestOf(
  kind: AlertKind,
  result: string,
  ids: string,
  severity: string,
  override: string | null,
): RouteRequest {
  const outputIds = OUTPUT_IDS[ids]!
  const type = kind.replace(/_ERROR$/, '').toLowerCase() as DetectionType
  const resourceTypes = ['AWS.S3.Bucket']
  const about = detection({ type, severity: 'HIGH', outputIds, override, resourceTypes })
  const functions = {
    detection: { output: type !== 'policy' },
    ...given('destinations', DESTINATIONS[result]!.arrives),
    ...given('severity', SEVERITY[severity]!.arrives),
  }
  const match = buildMatch(about, finding(functions)).routeRequest
  if (isOf(ALERTS, kind)) return match
  if (isOf(ERRORS, kind)) {
    const [error] = buildErrors(about, finding({ ...functions, detection: failure() }))
    return { ...error!.routeRequest, destinations: match.destinations }
  }
  const system = buildSystem({
    from: 'system',
    kind: kind as 'SYSTEM_ERROR' | 'ROUTE_ERROR' | 'HEARTBEAT',
    code: 'Test',
    title: '',
    description: '',
    runbook: '',
    dedup: '',
    context: {},
    destinations: outputIds,
    at: 0,
  })
  return {
    ...system.routeRequest,
    destinations: match.destinations,
    ...(override !== null && { override }),
  }
}

function given<K extends string, T>(name: K, result: T | undefined): { [key in K]?: T } {
  return result === undefined ? {} : ({ [name]: result } as { [key in K]?: T })
}

function isOf(kinds: readonly AlertKind[], kind: AlertKind): boolean {
  return kinds.includes(kind)
}

const registries = new Map<string, Registry>()

function exampleRegistry(kind: AlertKind, soc: string, registryIs: string): Registry {
  const key = `${kind} ${soc} ${registryIs}`
  const found = registries.get(key)
  if (found) return found
  const built = registry(
    [
      destination('soc', { id: ID, severities: ['HIGH'], ...SOC[soc]!(kind) }),
      destination('pager', { severities: ['CRITICAL'] }),
      destination('ops', { alertTypes: ['SYSTEM_ERROR', 'HEARTBEAT'] }),
      ...TEAMS.map((team) => destination(team)),
      destination('inbox', { enabled: registryIs !== 'fallback disabled' }),
    ],
    { fallback: registryIs === 'no fallback' ? [] : ['inbox'] },
  )
  registries.set(key, built)
  return built
}

const LETTERS: Readonly<Record<string, string>> = {
  'generated-destinations': 'D',
  'static-destinations': 'O',
  'generated-severity': 'S',
  'static-severity': 'S',
  'alert-type': 'T',
  fallback: 'F',
  nowhere: 'N',
}

function routeText({ level, destinations, suppressed, problems, trace }: Route): string {
  const gets = suppressed ? 'nowhere on purpose' : destinations.join(' ') || '-'
  const codes = problems.map(({ code }) => code).join(' ') || '-'
  const steps = trace.map((step) => `${LETTERS[step.level]}${step.decided ? '+' : '-'}`)
  return [level, gets, codes, steps.join(' ')].join(' | ')
}

/** Returns the first row that this resolver fails, with its result; null when all rows hold. */
export function firstBreach(
  resolve: Resolve,
  rows: readonly Row[],
  combinations: (row: Row) => string[][] = combinationsOf,
): string | null {
  for (const row of rows) {
    for (const combination of combinations(row)) {
      for (const answer of askBoth(resolve, combination)) {
        if (answer !== row.expected) {
          return `line ${row.line}, ${combination.join(' / ')}\nexpected  ${row.expected}\ngot       ${answer}`
        }
      }
    }
  }
  return null
}

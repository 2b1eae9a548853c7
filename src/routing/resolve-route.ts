/** Decides where one alert goes and records why. This is the only resolver: tests, `explain` and the daemon call it. Pure. */

import { anyGlobMatches } from '../core/glob.ts'
import { alertGroup } from '../model/alerts/alert-kind.ts'
import type { DropReason, Route, RouteLevel, RouteRequest } from '../model/alerts/route.ts'
import { SEVERITIES, type Severity } from '../model/alerts/severity.ts'
import type { Destination, NoRegistry, Registry } from '../model/project/destination.ts'
import { TraceRecorder } from './trace-recorder.ts'

const NO_REGISTRY: Readonly<Record<NoRegistry, string>> = {
  absent: 'destinations.yaml was not found',
  invalid: 'destinations.yaml has errors',
}
const SKIP = 'SKIP'
const MAX_USUAL_DESTINATIONS = 10

/** A level decides on destinations, or suppresses the alert on purpose. */
type Decision =
  | { readonly level: RouteLevel; readonly destinations: readonly string[] }
  | { readonly level: RouteLevel; readonly suppressed: true }

/** @param registry a reason instead of a registry leaves names unverified. */
export function resolveRoute(request: RouteRequest, registry: Registry | NoRegistry): Route {
  const trace = new TraceRecorder()
  const decision = decide(request, registry, trace)
  if ('suppressed' in decision) return trace.route(decision.level, [], true)
  if (decision.destinations.length > 0 || typeof registry === 'string') {
    return trace.route(decision.level, decision.destinations, false)
  }
  return routeToFallback(registry, trace)
}

function decide(request: RouteRequest, registry: Registry | NoRegistry, trace: TraceRecorder): Decision {
  switch (alertGroup(request.kind)) {
    case 'ALERT':
      return (
        byDestinationsFunction(request, registry, trace) ??
        byOutputIds(request, registry, trace) ??
        bySeverity(request, registry, trace)
      )
    case 'DETECTION_ERROR':
      trace.step('generated-destinations', false, 'destinations() is not run for a detection error')
      return byOutputIds(request, registry, trace) ?? bySeverity(request, registry, trace)
    case 'SYSTEM':
      return byOutputIds(request, registry, trace) ?? byAlertType(request, registry, trace)
  }
}

function byDestinationsFunction(
  request: RouteRequest,
  registry: Registry | NoRegistry,
  trace: TraceRecorder,
): Decision | null {
  const level = 'generated-destinations'
  const result = request.destinations
  switch (result.kind) {
    case 'absent':
      trace.step(level, false, 'destinations() is not defined')
      return null
    case 'none':
      trace.step(level, false, 'destinations() returned None')
      return null
    case 'error':
      trace.step(level, false, `destinations() failed: ${result.message}`)
      trace.problem('destinations-error', `destinations() failed: ${result.message}`)
      return null
    case 'list':
      if (result.names.length === 0) {
        trace.step(level, true, 'destinations() returned []: the alert is suppressed', { names: [] })
        return { level, suppressed: true }
      }
      return byNames(level, 'destinations() returned', result.names, request, registry, trace)
  }
}

function byOutputIds(
  request: RouteRequest,
  registry: Registry | NoRegistry,
  trace: TraceRecorder,
): Decision | null {
  const level = 'static-destinations'
  // SKIP does not suppress errors and system alerts.
  const maySuppress = alertGroup(request.kind) === 'ALERT'
  const names = maySuppress ? request.outputIds : request.outputIds.filter((name) => name !== SKIP)
  if (names.length === 0) {
    trace.step(
      level,
      false,
      request.outputIds.length === 0 ? 'OutputIds is not set' : 'SKIP does not suppress errors',
    )
    return null
  }
  const source = request.override ? `the override at ${request.override} set OutputIds to` : 'OutputIds is'
  return byNames(level, source, names, request, registry, trace)
}

function byNames(
  level: RouteLevel,
  source: string,
  names: readonly string[],
  request: RouteRequest,
  registry: Registry | NoRegistry,
  trace: TraceRecorder,
): Decision {
  const listed = `[${names.join(', ')}]`
  if (names.includes(SKIP)) {
    if (names.some((name) => name !== SKIP)) {
      trace.problem('skip-mixed', `${source} ${listed}: SKIP together with names suppresses the alert`)
    }
    trace.step(level, true, `${source} ${listed}: the alert is suppressed`, { names })
    return { level, suppressed: true }
  }
  const tooMany = `${source} ${names.length} destinations; more than ${MAX_USUAL_DESTINATIONS} are unusual`
  if (names.length > MAX_USUAL_DESTINATIONS) trace.problem('too-many', tooMany)
  if (typeof registry === 'string') return unverified(level, source, names, registry, trace)

  const { reached, unknown, dropped } = pickNamed(names, request, registry)
  for (const name of unknown) {
    trace.problem('unknown-destination', `destination "${name}" not found in ${registry.file}`, name)
  }
  for (const { destination, filter } of dropped) {
    const code = filter === 'disabled' ? 'disabled-destination' : 'strict-filter'
    const why = filter === 'disabled' ? 'is disabled' : `is strict and its ${filter} do not accept this alert`
    trace.problem(code, `"${destination}" ${why}`, destination)
  }
  const remark = reached.length > 0 ? '' : '; none of them accepts the alert'
  trace.step(level, true, `${source} ${listed}${remark}`, { names, unknown, dropped })
  return { level, destinations: reached }
}

function pickNamed(names: readonly string[], request: RouteRequest, registry: Registry) {
  const unknown: string[] = []
  // A set counts a destination once that is listed by its name and by its id.
  const named = new Set<Destination>()
  for (const name of new Set(names)) {
    const destination = findDestination(registry, name)
    if (destination) named.add(destination)
    else unknown.push(name)
  }
  return { unknown, ...applyFilters(named, request, 'strict') }
}

function unverified(
  level: RouteLevel,
  source: string,
  names: readonly string[],
  registry: NoRegistry,
  trace: TraceRecorder,
): Decision {
  const distinct = [...new Set(names)]
  for (const name of distinct)
    trace.problem('unverified', `"${name}" cannot be checked: ${NO_REGISTRY[registry]}`, name)
  trace.step(level, true, `${source} [${names.join(', ')}]; not checked, because ${NO_REGISTRY[registry]}`, {
    names,
  })
  return { level, destinations: distinct }
}

function bySeverity(request: RouteRequest, registry: Registry | NoRegistry, trace: TraceRecorder): Decision {
  const { value, source } = request.severity
  const level = source === 'generated' ? 'generated-severity' : 'static-severity'
  const fact = source === 'generated' ? `severity() returned ${value}` : `the static severity is ${value}`
  if (typeof registry === 'string') {
    trace.step(level, true, `${fact}, but ${NO_REGISTRY[registry]}`)
    return { level: 'unresolved', destinations: [] }
  }
  const recipients = indexOf(registry).bySeverity.get(value) ?? []
  return byDeclaration(
    level,
    `${fact}, accepted by`,
    recipients,
    applyFilters(recipients, request, 'all'),
    trace,
  )
}

function byAlertType(request: RouteRequest, registry: Registry | NoRegistry, trace: TraceRecorder): Decision {
  const level = 'alert-type'
  const { kind } = request
  if (typeof registry === 'string') {
    trace.step(level, true, `${kind} requires a registry for its route, but ${NO_REGISTRY[registry]}`)
    return { level: 'unresolved', destinations: [] }
  }
  const listing = registry.destinations.filter((destination) => destination.alertTypes?.includes(kind))
  return byDeclaration(level, `${kind} is listed by`, listing, applyFilters(listing, request, 'none'), trace)
}

function byDeclaration(
  level: RouteLevel,
  decision: string,
  recipients: readonly Destination[],
  { reached, dropped }: FilteredDestinations,
  trace: TraceRecorder,
): Decision {
  const names = recipients.map((destination) => destination.name)
  trace.step(level, true, `${decision} ${reached.join(', ') || 'no destination'}`, { names, dropped })
  return { level, destinations: reached }
}

interface FilteredDestinations {
  readonly reached: readonly string[]
  readonly dropped: readonly { readonly destination: string; readonly filter: DropReason }[]
}

/** @param filtered which destinations' type filters apply. */
function applyFilters(
  candidates: Iterable<Destination>,
  request: RouteRequest,
  filtered: 'all' | 'strict' | 'none',
): FilteredDestinations {
  const reached: string[] = []
  const dropped: { destination: string; filter: DropReason }[] = []
  for (const destination of candidates) {
    const { name, enabled, strict } = destination
    const isFiltered = filtered === 'all' || (filtered === 'strict' && strict)
    const filter = enabled ? isFiltered && refusingFilter(destination, request) : 'disabled'
    if (filter) dropped.push({ destination: name, filter })
    else reached.push(name)
  }
  return { reached, dropped }
}

function refusingFilter(destination: Destination, request: RouteRequest): DropReason | null {
  const { alertTypes, logTypes } = destination
  const typeAccepted = alertTypes ? alertTypes.includes(request.kind) : alertGroup(request.kind) !== 'SYSTEM'
  if (!typeAccepted) return 'alertTypes'
  if (logTypes && !anyGlobMatches(logTypes, request.logTypes)) return 'logTypes'
  return null
}

function routeToFallback(registry: Registry, trace: TraceRecorder): Route {
  const reached = registry.fallback.filter((name) => findDestination(registry, name)?.enabled)
  if (reached.length > 0) {
    trace.problem(
      'nobody',
      `no other destination accepts this alert; sending it to the fallback: ${reached.join(', ')}`,
    )
    trace.step('fallback', true, 'the fallback gets alerts that no other destination accepts', {
      names: reached,
    })
    return trace.route('fallback', reached, false)
  }
  trace.problem('nobody', 'no destination accepts this alert, and no fallback is declared')
  trace.step('nowhere', true, 'no destination is left and no fallback is declared')
  return trace.route('nowhere', [], false)
}

/** The lookups of a registry that every alert needs. */
interface RegistryIndex {
  readonly byName: ReadonlyMap<string, Destination>
  readonly bySeverity: ReadonlyMap<Severity, readonly Destination[]>
}

const indexes = new WeakMap<Registry, RegistryIndex>()

function indexOf(registry: Registry): RegistryIndex {
  let index = indexes.get(registry)
  if (!index) {
    const { destinations } = registry
    const byId = destinations.filter(({ id }) => id !== null).map((each) => [each.id!, each] as const)
    const recipientsOf = (severity: Severity) =>
      destinations.filter(({ severities }) => severities.includes(severity))
    index = {
      byName: new Map([...byId, ...destinations.map((each) => [each.name, each] as const)]),
      bySeverity: new Map(SEVERITIES.map((severity) => [severity, recipientsOf(severity)])),
    }
    indexes.set(registry, index)
  }
  return index
}

/** Finds a destination by its name, or else by its id. */
export function findDestination(registry: Registry, nameOrId: string): Destination | undefined {
  return indexOf(registry).byName.get(nameOrId)
}

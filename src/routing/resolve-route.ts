/** Decides where one alert goes, and tells why. Pure; the only resolver there is: tests, explain and the daemon call it. */

import { anyGlobMatches } from '../core/glob.ts'
import { alertGroup } from '../model/alerts/alert-kind.ts'
import type {
  DropReason,
  Route,
  RouteLevel,
  RouteProblem,
  RouteRequest,
  TraceStep,
} from '../model/alerts/route.ts'
import { SEVERITIES, type Severity } from '../model/alerts/severity.ts'
import type { Destination, NoRegistry, Registry } from '../model/project/destination.ts'

const NO_REGISTRY: Readonly<Record<NoRegistry, string>> = {
  absent: 'there is no destinations.yaml',
  invalid: 'destinations.yaml has errors',
}
const SKIP = 'SKIP'
const MAX_USUAL_DESTINATIONS = 10

/** What a level came to: names to send to, or silence on purpose. */
type Decision =
  | { readonly level: RouteLevel; readonly destinations: readonly string[] }
  | { readonly level: RouteLevel; readonly suppressed: true }

/** Collects the story while the levels are tried from the highest down. */
class Story {
  readonly trace: TraceStep[] = []
  readonly problems: RouteProblem[] = []

  step(level: RouteLevel, decided: boolean, reason: string, details: Partial<TraceStep> = {}): void {
    this.trace.push({ level, decided, reason, ...details })
  }
  problem(code: RouteProblem['code'], message: string, destination?: string): void {
    this.problems.push(destination === undefined ? { code, message } : { code, message, destination })
  }
}

/** @param registry without one, names stand for themselves, unverified. */
export function resolve(request: RouteRequest, registry: Registry | NoRegistry): Route {
  const story = new Story()
  const decision = decide(request, registry, story)
  if ('suppressed' in decision) return routeOf(story, decision.level, [], true)
  if (decision.destinations.length > 0 || typeof registry === 'string') {
    return routeOf(story, decision.level, decision.destinations, false)
  }
  return fallback(registry, story)
}

function decide(request: RouteRequest, registry: Registry | NoRegistry, story: Story): Decision {
  switch (alertGroup(request.kind)) {
    case 'ALERT':
      return (
        byDestinationsFunction(request, registry, story) ??
        byOutputIds(request, registry, story) ??
        bySeverity(request, registry, story)
      )
    case 'DETECTION_ERROR':
      story.step('generated-destinations', false, 'destinations() is not run for a detection error')
      return byOutputIds(request, registry, story) ?? bySeverity(request, registry, story)
    case 'SYSTEM':
      return byOutputIds(request, registry, story) ?? byAlertType(request, registry, story)
  }
}

function byDestinationsFunction(
  request: RouteRequest,
  registry: Registry | NoRegistry,
  story: Story,
): Decision | null {
  const level = 'generated-destinations'
  const said = request.destinations
  switch (said.said) {
    case 'absent':
      story.step(level, false, 'destinations() is not defined')
      return null
    case 'none':
      story.step(level, false, 'destinations() returned None')
      return null
    case 'error':
      story.step(level, false, `destinations() failed: ${said.message}`)
      story.problem('destinations-error', `destinations() failed: ${said.message}`)
      return null
    case 'list':
      if (said.names.length === 0) {
        story.step(level, true, 'destinations() returned []: nowhere, on purpose', { names: [] })
        return { level, suppressed: true }
      }
      return byNames(level, 'destinations() returned', said.names, request, registry, story)
  }
}

function byOutputIds(request: RouteRequest, registry: Registry | NoRegistry, story: Story): Decision | null {
  const level = 'static-destinations'
  // SKIP never silences an error or the system itself.
  const mayBeSilent = alertGroup(request.kind) === 'ALERT'
  const names = mayBeSilent ? request.outputIds : request.outputIds.filter((name) => name !== SKIP)
  if (names.length === 0) {
    story.step(
      level,
      false,
      request.outputIds.length === 0 ? 'OutputIds is not set' : 'SKIP does not silence errors',
    )
    return null
  }
  const source = request.override ? `the override at ${request.override} set OutputIds to` : 'OutputIds is'
  return byNames(level, source, names, request, registry, story)
}

function byNames(
  level: RouteLevel,
  source: string,
  names: readonly string[],
  request: RouteRequest,
  registry: Registry | NoRegistry,
  story: Story,
): Decision {
  const listed = `[${names.join(', ')}]`
  if (names.includes(SKIP)) {
    if (names.some((name) => name !== SKIP)) {
      story.problem('skip-mixed', `${source} ${listed}: SKIP beside names suppresses them all`)
    }
    story.step(level, true, `${source} ${listed}: nowhere, on purpose`, { names })
    return { level, suppressed: true }
  }
  const tooMany = `${source} ${names.length} destinations; more than ${MAX_USUAL_DESTINATIONS} is unusual`
  if (names.length > MAX_USUAL_DESTINATIONS) story.problem('too-many', tooMany)
  if (typeof registry === 'string') return unverified(level, source, names, registry, story)

  const { reached, unknown, dropped } = pickNamed(names, request, registry)
  for (const name of unknown) {
    story.problem('unknown-destination', `"${name}" is no destination of ${registry.file}`, name)
  }
  for (const { destination, filter } of dropped) {
    const code = filter === 'disabled' ? 'disabled-destination' : 'strict-filter'
    const why = filter === 'disabled' ? 'is disabled' : `is strict and its ${filter} do not accept this alert`
    story.problem(code, `"${destination}" ${why}`, destination)
  }
  const left = reached.length > 0 ? '' : ', of which none can be reached'
  story.step(level, true, `${source} ${listed}${left}`, { names, unknown, dropped })
  return { level, destinations: reached }
}

function pickNamed(names: readonly string[], request: RouteRequest, registry: Registry) {
  const unknown: string[] = []
  // A set: a name and the id of one destination are one.
  const named = new Set<Destination>()
  for (const name of new Set(names)) {
    const destination = lookUp(registry, name)
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
  story: Story,
): Decision {
  const distinct = [...new Set(names)]
  for (const name of distinct)
    story.problem('unverified', `"${name}" can't be checked: ${NO_REGISTRY[registry]}`, name)
  story.step(
    level,
    true,
    `${source} [${names.join(', ')}]; it is not checked, because ${NO_REGISTRY[registry]}`,
    {
      names,
    },
  )
  return { level, destinations: distinct }
}

function bySeverity(request: RouteRequest, registry: Registry | NoRegistry, story: Story): Decision {
  const { value, source } = request.severity
  const level = source === 'generated' ? 'generated-severity' : 'static-severity'
  const said = source === 'generated' ? `severity() returned ${value}` : `the static severity is ${value}`
  if (typeof registry === 'string') {
    story.step(level, true, `${said}, but ${NO_REGISTRY[registry]}`)
    return { level: 'unresolved', destinations: [] }
  }
  const takers = indexOf(registry).bySeverity.get(value) ?? []
  return byDeclaration(level, `${said}, taken by`, takers, applyFilters(takers, request, 'everybody'), story)
}

function byAlertType(request: RouteRequest, registry: Registry | NoRegistry, story: Story): Decision {
  const level = 'alert-type'
  const { kind } = request
  if (typeof registry === 'string') {
    story.step(level, true, `${kind} needs a registry to be routed, but ${NO_REGISTRY[registry]}`)
    return { level: 'unresolved', destinations: [] }
  }
  const listing = registry.destinations.filter((destination) => destination.alertTypes?.includes(kind))
  return byDeclaration(
    level,
    `${kind} is listed by`,
    listing,
    applyFilters(listing, request, 'nobody'),
    story,
  )
}

function byDeclaration(
  level: RouteLevel,
  said: string,
  takers: readonly Destination[],
  { reached, dropped }: FilteredDestinations,
  story: Story,
): Decision {
  const names = takers.map((destination) => destination.name)
  story.step(level, true, `${said} ${reached.join(', ') || 'nobody'}`, { names, dropped })
  return { level, destinations: reached }
}

interface FilteredDestinations {
  readonly reached: readonly string[]
  readonly dropped: readonly { readonly destination: string; readonly filter: DropReason }[]
}

/** @param whose two filters hold. */
function applyFilters(
  candidates: Iterable<Destination>,
  request: RouteRequest,
  whose: 'everybody' | 'strict' | 'nobody',
): FilteredDestinations {
  const reached: string[] = []
  const dropped: { destination: string; filter: DropReason }[] = []
  for (const destination of candidates) {
    const { name, enabled, strict } = destination
    const holds = whose === 'everybody' || (whose === 'strict' && strict)
    const filter = enabled ? holds && refusingFilter(destination, request) : 'disabled'
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

function fallback(registry: Registry, story: Story): Route {
  const reached = registry.fallback.filter((name) => lookUp(registry, name)?.enabled)
  if (reached.length > 0) {
    story.problem('nobody', `nobody else would get it, so the fallback does: ${reached.join(', ')}`)
    story.step('fallback', true, 'what would reach nobody goes to the fallback', { names: reached })
    return routeOf(story, 'fallback', reached, false)
  }
  story.problem('nobody', 'it would reach nobody, and there is no fallback')
  story.step('nowhere', true, 'no destination is left and no fallback is declared')
  return routeOf(story, 'nowhere', [], false)
}

function routeOf(
  story: Story,
  level: RouteLevel,
  destinations: readonly string[],
  suppressed: boolean,
): Route {
  return { level, destinations, suppressed, trace: story.trace, problems: story.problems }
}

/** What a registry is asked again and again. */
interface Index {
  readonly byName: ReadonlyMap<string, Destination>
  readonly bySeverity: ReadonlyMap<Severity, readonly Destination[]>
}

const indexes = new WeakMap<Registry, Index>()

function indexOf(registry: Registry): Index {
  let index = indexes.get(registry)
  if (!index) {
    const { destinations } = registry
    const byId = destinations.filter(({ id }) => id !== null).map((each) => [each.id!, each] as const)
    const takersOf = (severity: Severity) =>
      destinations.filter(({ severities }) => severities.includes(severity))
    index = {
      byName: new Map([...byId, ...destinations.map((each) => [each.name, each] as const)]),
      bySeverity: new Map(SEVERITIES.map((severity) => [severity, takersOf(severity)])),
    }
    indexes.set(registry, index)
  }
  return index
}

/** A destination by its name, else by its id. */
export function lookUp(registry: Registry, nameOrId: string): Destination | undefined {
  return indexOf(registry).byName.get(nameOrId)
}

/** Finds routing that is valid but most likely a mistake. Pure. */

import { nearest } from '../core/did-you-mean.ts'
import { ALERT_KINDS, alertGroup } from '../model/alerts/alert-kind.ts'
import type { RouteRow } from '../model/alerts/route-table.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { Destination, Registry } from '../model/project/destination.ts'
import type { Detection, SourceLocation } from '../model/project/detection.ts'
import type { LintCode } from '../model/project/lint.ts'
import { findDestination, resolveRoute } from './resolve-route.ts'

/** A detection as the linter sees it. */
export interface LintSubject {
  readonly detection: Detection
  readonly rows: readonly RouteRow[]
  readonly body: BodyRouting
}

/** Facts about routing that the text of a body shows beside its routes. */
export interface BodyRouting {
  readonly hasSeverity: boolean
  /** The names that `destinations()` can return, each with its source location. */
  readonly destinationNames: readonly { readonly name: string; readonly location: SourceLocation }[]
  /** The location of a list that holds SKIP together with names. */
  readonly skipMixed: SourceLocation | null
  /** The location of `destinations()` when it depends on the event while neither `title()` nor `dedup()` does. */
  readonly varying: SourceLocation | null
}

/** The location of a finding: a top-level key of a spec, or a known source location. */
export type LintLocation =
  | { readonly file: string; readonly key: string; readonly otherwise: SourceLocation }
  | { readonly location: SourceLocation }

export interface LintFinding {
  readonly code: LintCode
  readonly at: LintLocation
  readonly message: string
  readonly hint: string | null
  /** The severities that only the fallback accepts; present for `untaken-severity`. */
  readonly severities?: readonly Severity[]
}

/** @param whole false when some detections are not loaded, so that a destination may seem unused. */
export function lintRoutes(
  subjects: readonly LintSubject[],
  registry: Registry,
  whole = true,
): LintFinding[] {
  const destinations = whole ? registry.destinations : []
  return [
    ...subjects.flatMap((subject) => lintDetection(subject, registry)),
    ...destinations.flatMap((destination) => lintDestination(destination, subjects, registry)),
  ]
}

function lintDetection(subject: LintSubject, registry: Registry): LintFinding[] {
  return [
    ...findUnknownNames(subject, registry),
    ...findUnroutedAlerts(subject),
    ...findUnacceptedSeverities(subject),
    ...findShadowedSeverity(subject),
    ...findMixedSkip(subject),
    ...findVaryingDestinations(subject),
  ]
}

function findUnknownNames({ body }: LintSubject, registry: Registry): LintFinding[] {
  const known = registry.destinations.map(({ name }) => name)
  return body.destinationNames
    .filter(({ name }) => name !== 'SKIP' && !findDestination(registry, name))
    .map(({ name, location }) => {
      const near = nearest(name, known)
      return {
        code: 'unknown-destination',
        at: { location },
        message: `destinations() returns "${name}", which is not a destination of ${registry.file}`,
        hint: near ? `did you mean "${near}"?` : `known: ${known.slice(0, 12).join(', ')}`,
      }
    })
}

/** Reports one finding for all severities. */
function findUnroutedAlerts({ detection, rows }: LintSubject): LintFinding[] {
  const unrouted = rows.filter(({ route }) => route?.level === 'nowhere')
  if (unrouted.length === 0) return []
  const certain = unrouted.some(({ evidence }) => evidence !== 'unknown')
  return [
    {
      code: 'reaches-nobody',
      at: routingKey(detection),
      message: `${severitiesOf(unrouted)} alerts ${certain ? 'would' : 'could'} have no destination`,
      hint: 'add the severity to the `severities` of a destination, name a destination in OutputIds, or declare a fallback',
    },
  ]
}

/** A static severity that goes to the fallback is probably intended; one that code returns is easily overlooked. */
function findUnacceptedSeverities({ detection, rows }: LintSubject): LintFinding[] {
  const picked = rows.filter(
    ({ route, evidence }) =>
      route?.level === 'fallback' && (evidence === 'literal' || evidence === 'observed'),
  )
  if (picked.length === 0) return []
  return [
    {
      code: 'untaken-severity',
      at: routingKey(detection),
      message: `severity() can return ${severitiesOf(picked)}, which no destination accepts; such alerts go only to the fallback`,
      hint: null,
      severities: picked.map(({ severity }) => severity),
    },
  ]
}

function severitiesOf(rows: readonly RouteRow[]): string {
  return [...new Set(rows.map(({ severity }) => severity))].join(' and ')
}

/** Returns the key of the metadata that decides the route. */
function routingKey({ location, outputIds, override }: Detection): LintLocation {
  const key = outputIds.length > 0 && override === null ? 'OutputIds' : 'Severity'
  return { file: location.file, key, otherwise: location }
}

function findShadowedSeverity({ detection, body }: LintSubject): LintFinding[] {
  if (detection.outputIds.length === 0 || !body.hasSeverity) return []
  const source = detection.override ? `the override at ${detection.override}` : 'OutputIds'
  return [
    {
      code: 'shadowed-severity',
      at: { file: detection.location.file, key: 'OutputIds', otherwise: detection.location },
      message: `${source} decides the route; the result of severity() does not change it`,
      hint: 'route in destinations(), or remove one of the two',
    },
  ]
}

function findMixedSkip({ detection, body }: LintSubject): LintFinding[] {
  const inMetadata = detection.outputIds.length > 1 && detection.outputIds.includes('SKIP')
  const message = 'SKIP together with names suppresses the alert'
  const hint = 'use the names alone, or SKIP alone'
  const finding = (at: LintLocation) => ({ code: 'skip-mixed' as const, at, message, hint })
  return [
    ...(inMetadata
      ? [finding({ file: detection.location.file, key: 'OutputIds', otherwise: detection.location })]
      : []),
    ...(body.skipMixed ? [finding({ location: body.skipMixed })] : []),
  ]
}

function findVaryingDestinations({ body }: LintSubject): LintFinding[] {
  if (!body.varying) return []
  return [
    {
      code: 'varying-destinations',
      at: { location: body.varying },
      message: 'destinations() depends on the event, but events with different results share one alert',
      hint: 'the first event of a dedup window decides the route; include the difference in dedup() or title()',
    },
  ]
}

function lintDestination(
  destination: Destination,
  subjects: readonly LintSubject[],
  registry: Registry,
): LintFinding[] {
  const [file = '', line = '1'] = destination.location.split(/:(?=\d+$)/)
  const at = { location: { file, line: Number(line), column: 1 } }
  const findings: LintFinding[] = []
  if (destination.enabled && !isReachable(destination, subjects, registry)) {
    const message = `no alert can reach destination "${destination.name}"`
    const hint = 'name it in a detection, or add a severity that detections have'
    findings.push({ code: 'unreachable-destination', at, message, hint })
  }
  if (destination.id !== null && !isNamed(destination.id, subjects)) {
    const message = `no detection references destination "${destination.name}" by its id`
    findings.push({
      code: 'unreferenced-id',
      at,
      message,
      hint: 'remove the id unless another repository uses it',
    })
  }
  return findings
}

function isReachable(
  { name, alertTypes }: Destination,
  subjects: readonly LintSubject[],
  registry: Registry,
): boolean {
  if (registry.fallback.includes(name) || registry.heartbeat?.destinations.includes(name)) return true
  if (alertTypes?.some((kind) => alertGroup(kind) === 'SYSTEM')) return true
  return subjects.some(
    ({ detection, rows }) =>
      // A route that code decides may name any destination.
      rows.some(({ route }) => route === null || route.destinations.includes(name)) ||
      errorRoute(detection, registry).includes(name),
  )
}

/** Returns the destinations of an error of the detection. */
function errorRoute(
  { severity, outputIds, type, logTypes }: Detection,
  registry: Registry,
): readonly string[] {
  const kind = ALERT_KINDS.find((each) => each === `${type.toUpperCase()}_ERROR`)!
  const request = { kind, severity: { value: severity, source: 'static' as const }, outputIds, logTypes }
  return resolveRoute({ ...request, destinations: { kind: 'absent' } }, registry).destinations
}

function isNamed(id: string, subjects: readonly LintSubject[]): boolean {
  return subjects.some(
    ({ detection, body }) =>
      detection.outputIds.includes(id) || body.destinationNames.some(({ name }) => name === id),
  )
}

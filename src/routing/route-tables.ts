/** Builds the rows of one detection: each possible severity and result of destinations() with its route. Pure. */

import type { DestinationsResult } from '../model/alerts/route.ts'
import { EVIDENCE, type PossibleRoute, type RouteRow, weakerEvidence } from '../model/alerts/route-table.ts'
import { compareSeverity, type DecidedSeverity } from '../model/alerts/severity.ts'
import type { NoRegistry, Registry } from '../model/project/destination.ts'
import { alertKindOf, type Detection } from '../model/project/detection.ts'
import { type Observation, possibleDestinations, possibleSeverities, type RoutingFacts } from './possible.ts'
import { resolveRoute } from './resolve-route.ts'

/** @param observations the results of the detection's tests; needed only where its text leaves something open. */
export function routeRows(
  detection: Detection,
  knowledge: RoutingFacts,
  observations: readonly Observation[],
  registry: Registry | NoRegistry,
): RouteRow[] {
  const severities = possibleSeverities(detection, knowledge, observations)
  const answers = possibleDestinations(knowledge, observations)
  const rows = eventTypes(detection).flatMap((logTypes) =>
    severities.flatMap((severity) =>
      answers.map((answer) => rowOf(detection, logTypes, severity, answer, registry)),
    ),
  )
  return mergeRows(rows).sort((a, b) => compareSeverity(b.severity, a.severity))
}

/** An event has one log type; a policy has one row for all of its resource types. */
function eventTypes({ type, logTypes, resourceTypes }: Detection): readonly (readonly string[])[] {
  if (type === 'policy') return [resourceTypes]
  if (type === 'correlation_rule' || logTypes.length === 0) return [logTypes]
  return logTypes.map((logType) => [logType])
}

function rowOf(
  detection: Detection,
  logTypes: readonly string[],
  severity: PossibleRoute<DecidedSeverity>,
  answer: PossibleRoute<DestinationsResult | null>,
  registry: Registry | NoRegistry,
): RouteRow {
  const tests = severity.tests.filter((test) => answer.tests.includes(test))
  const weakest = weakerEvidence(severity.evidence, answer.evidence)
  const about = {
    detection: detection.id,
    logTypes,
    severity: severity.value.value,
    // Tests showed each of the two, but never both together.
    evidence: weakest === 'observed' && tests.length === 0 ? 'unknown' : weakest,
    tests,
  } as const
  if (answer.value === null) return { ...about, route: null }
  const { level, destinations, suppressed, problems } = resolveRoute(
    {
      kind: alertKindOf(detection.type),
      severity: severity.value,
      destinations: answer.value,
      outputIds: detection.outputIds,
      ...(detection.override && { override: detection.override }),
      logTypes,
    },
    registry,
  )
  return { ...about, route: { level, destinations, suppressed, problems } }
}

/** Merges equal routes of one severity into one row with their strongest evidence and all of their log types. */
function mergeRows(rows: readonly RouteRow[]): RouteRow[] {
  const byRoute = Map.groupBy(rows, (row) => JSON.stringify([row.severity, routeKey(row)]))
  return [...byRoute.values()].map((same) => ({
    ...same[0]!,
    logTypes: [...new Set(same.flatMap(({ logTypes }) => logTypes))],
    evidence: EVIDENCE.find((evidence) => same.some((row) => row.evidence === evidence))!,
    tests: [...new Set(same.flatMap(({ tests }) => tests))],
  }))
}

/** Returns the same key for routes that reach the same destinations for the same reason. */
export function routeKey({ route }: Pick<RouteRow, 'route'>): string {
  if (route === null) return 'unknown'
  return JSON.stringify([route.level, route.suppressed, route.destinations])
}

/** Builds the routes of all detections from their metadata and text, and from tests where the text is not sufficient. */

import { destinationsResult } from '../../alerts/build.ts'
import type { RouteTable } from '../../model/alerts/route-table.ts'
import type { Engine } from '../../model/events/evaluation.ts'
import type { DetectionResult, TestResult } from '../../model/events/test-result.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Project } from '../../model/project/project.ts'
import type { Observation, RoutingFacts } from '../../routing/possible.ts'
import { routeRows } from '../../routing/route-tables.ts'
import { runTests } from '../../testing/run-tests.ts'
import { routingFactsOf } from './routing-facts.ts'

export async function routeTable(project: Project, engine: Engine): Promise<RouteTable> {
  const enabled = [...project.detections.values()].filter((detection) => detection.enabled)
  const routed = enabled.filter(({ createAlert }) => createAlert)
  const routingFacts = new Map(
    routed.map((detection) => [
      detection,
      routingFactsOf(engine.facts.detections.get(detection.id), detection.simple),
    ]),
  )
  const open = routed.filter((detection) => isOpen(routingFacts.get(detection)!))
  const results = await resultsOf(project, engine, new Set(open))
  const tests = new Map(results.map((result) => [result.id, result.tests]))
  return {
    rows: routed.flatMap((detection) => {
      const observations = (tests.get(detection.id) ?? []).flatMap(observationOf)
      return routeRows(detection, routingFacts.get(detection)!, observations, project.registry)
    }),
    silent: [...project.detections.values()].flatMap(silence),
  }
}

/** Builds the routes from metadata and text alone. What only a run can show is unknown. */
export function declaredRouteTable(
  { detections, registry }: Pick<Project, 'detections' | 'registry'>,
  facts: Engine['facts'],
): RouteTable {
  const all = [...detections.values()]
  const routed = all.filter(({ enabled, createAlert }) => enabled && createAlert)
  return {
    rows: routed.flatMap((detection) => {
      const routingFacts = routingFactsOf(facts.detections.get(detection.id), detection.simple)
      return routeRows(detection, routingFacts, [], registry)
    }),
    silent: all.flatMap(silence),
  }
}

/** Runs all cases of the given detections as `test` does. */
export function resultsOf(
  project: Project,
  engine: Engine,
  detections: ReadonlySet<Detection>,
): Promise<DetectionResult[]> {
  return runTests(project, engine, {
    selection: { detections: (each) => detections.has(each), tests: () => true, minimumTests: 0 },
    allowUnknownDestinations: true,
    failOnProblems: false,
  })
}

function isOpen({ severity, destinations }: RoutingFacts): boolean {
  return severity?.closed === false || destinations?.closed === false
}

function observationOf({ name, alerts, severity, functions }: TestResult): Observation[] {
  if (!alerts || !severity) return []
  return [{ test: name, severity, destinations: destinationsResult(functions.destinations) }]
}

function silence({ id, enabled, createAlert }: Detection): RouteTable['silent'] {
  if (!enabled) return [{ detection: id, reason: 'disabled' }]
  return createAlert ? [] : [{ detection: id, reason: 'CreateAlert is false' }]
}

/** Compares the routes and test cases of a project at a commit with the present ones. */

import type { Engine } from '../../model/events/evaluation.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Project } from '../../model/project/project.ts'
import { diffCases, diffTables, type RoutesDiff } from '../../routing/diff.ts'
import { resultsOf, routeTable } from './route-table-builder.ts'

export interface RoutesSide {
  readonly project: Project
  readonly engine: Engine
}

export async function diffRoutes(before: RoutesSide, after: RoutesSide): Promise<RoutesDiff> {
  const affected = affectedIds(before.project, after.project)
  const [old, now] = await Promise.all(
    [before, after].map(async (side) => ({
      table: await routeTable(side.project, side.engine),
      results: await resultsOf(side.project, side.engine, chosen(side.project, affected)),
    })),
  )
  return {
    routes: diffTables(old!.table, now!.table),
    cases: diffCases(old!.results, now!.results),
  }
}

/** A changed registry affects all detections; otherwise those with another spec, body or helper, new or removed ones. */
function affectedIds(before: Project, after: Project): (id: string) => boolean {
  if (registryOf(before) !== registryOf(after)) return () => true
  if (modelsOf(before) !== modelsOf(after)) return () => true
  return (id) => {
    const [old, now] = [before.detections.get(id), after.detections.get(id)]
    return old?.version !== now?.version || routing(old) !== routing(now)
  }
}

/** Source locations do not affect routes. */
function registryOf({ registry }: Project): string {
  return JSON.stringify(registry, (key, value: unknown) => (key === 'location' ? undefined : value))
}

/** A changed data model affects all detections, because each event decides which model is used. */
function modelsOf({ dataModels }: Project): string {
  return JSON.stringify(dataModels.map(({ mappings, body, enabled }) => [mappings, body?.source, enabled]))
}

/** Returns the values that overrides may change. */
function routing(detection: Detection | undefined): string {
  const { enabled, severity, outputIds } = detection ?? {}
  return JSON.stringify([enabled, severity, outputIds])
}

function chosen(project: Project, affected: (id: string) => boolean): ReadonlySet<Detection> {
  return new Set([...project.detections.values()].filter(({ id }) => affected(id)))
}

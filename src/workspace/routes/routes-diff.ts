/** What a project's routes and test cases were at a commit, against what they are now. */

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
  const touched = touchedIds(before.project, after.project)
  const [old, now] = await Promise.all(
    [before, after].map(async (side) => ({
      table: await routeTable(side.project, side.engine),
      results: await resultsOf(side.project, side.engine, chosen(side.project, touched)),
    })),
  )
  return {
    routes: diffTables(old!.table, now!.table),
    cases: diffCases(old!.results, now!.results),
  }
}

/** A changed registry touches them all; else whoever's spec, body or helpers changed, is new or is gone. */
function touchedIds(before: Project, after: Project): (id: string) => boolean {
  if (registryOf(before) !== registryOf(after)) return () => true
  if (modelsOf(before) !== modelsOf(after)) return () => true
  return (id) => {
    const [old, now] = [before.detections.get(id), after.detections.get(id)]
    return old?.version !== now?.version || routing(old) !== routing(now)
  }
}

/** Lines may move without anything being routed otherwise. */
function registryOf({ registry }: Project): string {
  return JSON.stringify(registry, (key, value: unknown) => (key === 'place' ? undefined : value))
}

/** A data model serves whoever asks for its log types: which ones is decided event by event. */
function modelsOf({ dataModels }: Project): string {
  return JSON.stringify(dataModels.map(({ mappings, body, enabled }) => [mappings, body?.source, enabled]))
}

/** What overrides may have changed beside the spec. */
function routing(detection: Detection | undefined): string {
  const { enabled, severity, outputIds } = detection ?? {}
  return JSON.stringify([enabled, severity, outputIds])
}

function chosen(project: Project, touched: (id: string) => boolean): ReadonlySet<Detection> {
  return new Set([...project.detections.values()].filter(({ id }) => touched(id)))
}

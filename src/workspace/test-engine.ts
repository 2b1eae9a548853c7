/** Starts the engine of one run of the tests, for the whole project or for a selection of its detections. */
import type { Engine } from '../model/events/evaluation.ts'
import type { Log } from '../model/ports.ts'
import type { Project } from '../model/project/project.ts'
import { isNeededBy } from '../testing/affected.ts'
import { type EngineStart, startEngine } from './open-project.ts'

/** One worker runs this number of detections before a second one is ready. */
const MAX_DETECTIONS_FOR_ONE_WORKER = 50

/**
 * A selection is loaded without a snapshot of its own, because the next run often selects or changes something else. Of
 * the helpers and data models it loads what the detections use.
 */
export function startTestEngine(
  project: Project,
  log: Log,
  how: Pick<EngineStart, 'prewarmed' | 'guards'>,
): Promise<Engine> {
  if (!project.isSelection) return startEngine(project, 'test', log, how)
  const detections = [...project.detections.values()]
  const dataModels = project.dataModels.filter((model) => isNeededBy(detections, model))
  return startEngine({ ...project, dataModels }, 'test', log, {
    ...how,
    part: new Set(),
    workers: detections.length > MAX_DETECTIONS_FOR_ONE_WORKER ? undefined : 1,
  })
}

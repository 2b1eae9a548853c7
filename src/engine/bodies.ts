/** Project -> the list of Python bodies that workers load. Pure. */
import type { Detection } from '../model/detection.ts'
import type { Project } from '../model/project.ts'
import type { Body } from './protocol.ts'

/** Helpers first, then data models, then detections; in `run` only the enabled ones. */
export function bodiesOf(project: Project, purpose: 'run' | 'test'): Body[] {
  const helpers = project.helpers.map(({ id, body }): Body => ({ kind: 'helper', id, ...body }))
  const models = project.dataModels
    .filter((model) => model.enabled)
    .map(
      ({ id, body, place, logTypes, mappings }): Body => ({
        kind: 'data-model',
        id,
        path: body?.path ?? place.file,
        source: body?.source ?? null,
        logTypes,
        mappings,
      }),
    )
  const detections = [...project.detections.values()]
    .filter((detection) => detection.enabled || purpose === 'test')
    .flatMap(detectionBody)
  return [...helpers, ...models, ...detections]
}

function detectionBody(detection: Detection): Body[] {
  const { id, type, body, logTypes, scheduledQueries, resourceTypes, suppressions } = detection
  // Without a body there is nothing to run in Python: a simple detection or a correlation rule.
  if (body === null || type === 'correlation_rule') return []
  return [{ kind: 'detection', id, ...body, type, logTypes, scheduledQueries, resourceTypes, suppressions }]
}

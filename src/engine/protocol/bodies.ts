/** MAIN THREAD. Lists the bodies of a project that workers load. Pure. */
import type { Detection } from '../../model/project/detection.ts'
import type { Project } from '../../model/project/project.ts'
import type { Body, DetectionBody, Selectable, SimpleBody } from './messages.ts'

/**
 * Lists helpers, data models, detections with Python, unit tests, and detections without Python, in this order. In `run`
 * only enabled detections are listed.
 *
 * @param part the helpers that are loaded even if nothing imports them; null: all.
 */
export function bodiesOf(
  project: Pick<Project, 'helpers' | 'dataModels' | 'detections' | 'unitTests'>,
  purpose: 'run' | 'test',
  part: ReadonlySet<string> | null = null,
): Body[] {
  const helpers = project.helpers.map(({ id, body }): Body => {
    const helper = { kind: 'helper', id, ...body } as const
    return part === null || part.has(id) ? helper : { ...helper, onDemand: true }
  })
  const models = project.dataModels
    .filter((model) => model.enabled)
    .map(
      ({ id, body, location, logTypes, mappings }): Body => ({
        kind: 'data-model',
        id,
        path: body?.path ?? location.file,
        source: body?.source ?? null,
        logTypes,
        mappings,
      }),
    )
  const detections = [...project.detections.values()].filter(({ enabled }) => enabled || purpose === 'test')
  const unitTests = project.unitTests.map((file): Body => ({ kind: 'unit-tests', id: file.path, ...file }))
  return [
    ...helpers,
    ...models,
    ...detections.flatMap(pythonBody),
    ...unitTests,
    ...detections.flatMap(simpleBody),
  ]
}

function pythonBody(detection: Detection): DetectionBody[] {
  const { id, body } = detection
  return body ? [{ kind: 'detection', id, ...body, ...selectable(detection) }] : []
}

function simpleBody(detection: Detection): SimpleBody[] {
  const { id, location, simple } = detection
  if (!simple) return []
  return [
    { kind: 'simple', id, path: location.file, source: null, content: simple, ...selectable(detection) },
  ]
}

function selectable(detection: Detection): Selectable {
  const { type, logTypes, scheduledQueries, resourceTypes, suppressions } = detection
  const { inlineFilter: filter, signalFields } = detection
  return { type, logTypes, scheduledQueries, resourceTypes, suppressions, filter, signalFields }
}

/** Finds the detections, helpers, data models and unit tests that a change of files affects. Pure. */

import type { BodyFacts, ProjectFacts } from '../model/events/facts.ts'
import type { DataModel, Detection, Helper } from '../model/project/detection.ts'
import type { Project } from '../model/project/project.ts'

export interface AffectedTests {
  /** The ids of detections whose verdict may have changed. */
  readonly detections: ReadonlySet<string>
  /** The ids of detections that depend on a changed helper or data model. Their own files need not have changed. */
  readonly dependants: ReadonlySet<string>
  /** The ids of the changed helpers and of the helpers that import them. */
  readonly helpers: ReadonlySet<string>
  /** The ids of the data models that changed or import a changed helper. */
  readonly dataModels: ReadonlySet<string>
  /** The paths of unit tests that changed or name a changed helper or data model. */
  readonly unitTests: ReadonlySet<string>
}

/** @param paths the changed files, relative to the root. */
export function affectedBy(project: Project, facts: ProjectFacts, paths: readonly string[]): AffectedTests {
  const changed = new Set(paths)
  const all = [...project.detections.values()]
  const own = all.filter((detection) => filesOf(detection).some((file) => changed.has(file)))
  const derived = all.filter(({ spec }) => own.some(({ id }) => id === spec.BaseDetection))
  const helpers = importersOf(idsOf(project.helpers.filter(isChanged(changed))), facts.helpers)
  const models = project.dataModels.filter(
    (model) => isChanged(changed)(model) || imports(facts.dataModels.get(model.id), helpers),
  )
  const logTypes = models.flatMap((model) => model.logTypes)
  const dependants = all.filter(
    (detection) =>
      imports(facts.detections.get(detection.id), helpers) ||
      logTypes.some((type) => dependsOn(detection, type)),
  )
  const isConfigured = project.configuration.some((file) => changed.has(file))
  return {
    detections: new Set(idsOf(isConfigured ? all : [...own, ...derived, ...dependants])),
    dependants: new Set(idsOf(dependants)),
    helpers,
    dataModels: new Set(idsOf(models)),
    unitTests: affectedUnitTests(project, changed, [...helpers, ...idsOf(models)]),
  }
}

/** True if one of the detections can get events that the data model is for. */
export function isNeededBy(detections: readonly Detection[], { logTypes }: DataModel): boolean {
  return logTypes.some((type) => detections.some((each) => dependsOn(each, type)))
}

/** True if the detection is for events of that type, or if one of its cases has that type. */
function dependsOn({ type, logTypes, tests }: Detection, logType: string): boolean {
  const quoted = JSON.stringify(logType)
  return type === 'rule' && (logTypes.includes(logType) || tests.some(({ entry }) => entry.includes(quoted)))
}

function idsOf(all: readonly { readonly id: string }[]): string[] {
  return all.map(({ id }) => id)
}

/** The files of a detection: its spec, its body, and the possible files of its expectations. */
function filesOf({ location, body }: Detection): string[] {
  const stem = location.file.replace(/\.[^.]+$/, '')
  return [location.file, `${stem}.expect.yml`, `${stem}.expect.yaml`, ...(body ? [body.path] : [])]
}

function isChanged(changed: ReadonlySet<string>) {
  return ({ location, body }: Helper | DataModel) =>
    changed.has(location.file) || (body !== null && changed.has(body.path))
}

function imports(body: BodyFacts | undefined, helpers: ReadonlySet<string>): boolean {
  return body?.imports.some(({ module }) => helpers.has(module)) ?? false
}

/** The ids of the helpers themselves and of all helpers that import them, directly or indirectly. */
function importersOf(ids: readonly string[], facts: ReadonlyMap<string, BodyFacts>): ReadonlySet<string> {
  const found = new Set(ids)
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const [id, body] of facts) if (imports(body, found)) found.add(id)
  }
  return found
}

function affectedUnitTests(
  { unitTests }: Project,
  changed: ReadonlySet<string>,
  ids: readonly string[],
): ReadonlySet<string> {
  const affected = unitTests.filter(
    ({ path, source }) => changed.has(path) || ids.some((id) => source.includes(id)),
  )
  return new Set(affected.map(({ path }) => path))
}

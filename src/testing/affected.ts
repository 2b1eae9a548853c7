/** What a change of files touches: which detections, which of what they lean on, which unit tests. Pure. */

import type { BodyFacts, ProjectFacts } from '../model/events/facts.ts'
import type { DataModel, Detection, Helper } from '../model/project/detection.ts'
import type { Project } from '../model/project/project.ts'

export interface AffectedTests {
  /** Ids of detections whose verdict may be another now. */
  readonly detections: ReadonlySet<string>
  /** Those of them that lean on Python or mappings that changed: no text of their own tells it. */
  readonly dependants: ReadonlySet<string>
  /** Ids of the helpers that changed, and of those that import them. */
  readonly helpers: ReadonlySet<string>
  /** Ids of the data models that changed, or lean on a helper that did. */
  readonly dataModels: ReadonlySet<string>
  /** Paths of unit tests that changed, or stand beside what changed and name it. */
  readonly unitTests: ReadonlySet<string>
}

/** @param paths relative to the root, of the files that changed. */
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

/** Whether it is for events of that type, or has a case that is one. */
export function dependsOn({ type, logTypes, tests }: Detection, logType: string): boolean {
  const quoted = JSON.stringify(logType)
  return type === 'rule' && (logTypes.includes(logType) || tests.some(({ entry }) => entry.includes(quoted)))
}

function idsOf(all: readonly { readonly id: string }[]): string[] {
  return all.map(({ id }) => id)
}

/** Beside the spec its body, and where its expectations may stand. */
function filesOf({ place, body }: Detection): string[] {
  const stem = place.file.replace(/\.[^.]+$/, '')
  return [place.file, `${stem}.expect.yml`, `${stem}.expect.yaml`, ...(body ? [body.path] : [])]
}

function isChanged(changed: ReadonlySet<string>) {
  return ({ place, body }: Helper | DataModel) =>
    changed.has(place.file) || (body !== null && changed.has(body.path))
}

function imports(body: BodyFacts | undefined, helpers: ReadonlySet<string>): boolean {
  return body?.imports.some(({ module }) => helpers.has(module)) ?? false
}

/** The helpers themselves and all that import them, directly or not. */
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

/** What a change of files touches: which detections, whether their verdicts need more than a new body. Pure. */
import type { DataModel, Detection, Helper } from '../model/detection.ts'
import type { BodyFacts, ProjectFacts } from '../model/facts.ts'
import type { Project } from '../model/project.ts'

export interface Touched {
  /** Ids of detections whose verdict may be another now. */
  readonly detections: ReadonlySet<string>
  /** Only bodies, specs and expectations of these detections changed: what is loaded beside them stands. */
  readonly onlyDetections: boolean
  /** Specs of these detections, relative to the root. */
  readonly specs: readonly string[]
}

/** @param paths relative to the root, of the files that changed. */
export function touchedBy(project: Project, facts: ProjectFacts, paths: readonly string[]): Touched {
  const changed = new Set(paths)
  const all = [...project.detections.values()]
  if (project.configuration.some((file) => changed.has(file)))
    return { detections: new Set(all.map(({ id }) => id)), onlyDetections: false, specs: [] }

  const own = all.filter((detection) => filesOf(detection).some((file) => changed.has(file)))
  const derived = all.filter(({ spec }) => own.some(({ id }) => id === spec.BaseDetection))
  const known = new Set([...own, ...derived].flatMap(filesOf))
  const onlyDetections = paths.every((path) => known.has(path))
  const leaning = onlyDetections ? [] : dependents(project, facts, changed)
  const touched = [...own, ...derived, ...leaning]
  return {
    detections: new Set(touched.map(({ id }) => id)),
    onlyDetections,
    specs: [...new Set(touched.map(({ place }) => place.file))],
  }
}

/** Beside the spec its body, and where its expectations may stand. */
function filesOf({ place, body }: Detection): string[] {
  const stem = place.file.replace(/\.[^.]+$/, '')
  return [place.file, `${stem}.expect.yml`, `${stem}.expect.yaml`, ...(body ? [body.path] : [])]
}

function dependents(project: Project, facts: ProjectFacts, changed: ReadonlySet<string>): Detection[] {
  const isChanged = ({ place, body }: Helper | DataModel) =>
    changed.has(place.file) || (body !== null && changed.has(body.path))
  const helpers = importersOf(
    project.helpers.filter(isChanged).map(({ id }) => id),
    facts.helpers,
  )
  const leans = (of: BodyFacts | undefined) => of?.imports.some(({ module }) => helpers.has(module)) ?? false
  const models = project.dataModels.filter(
    (model) => isChanged(model) || leans(facts.dataModels.get(model.id)),
  )
  const logTypes = new Set(models.flatMap((model) => model.logTypes))
  return [...project.detections.values()].filter(
    (detection) =>
      leans(facts.detections.get(detection.id)) ||
      (detection.type === 'rule' && detection.logTypes.some((type) => logTypes.has(type))),
  )
}

/** The helpers themselves and all that import them, directly or not. */
function importersOf(ids: readonly string[], facts: ReadonlyMap<string, BodyFacts>): ReadonlySet<string> {
  const found = new Set(ids)
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const [id, { imports }] of facts) if (imports.some(({ module }) => found.has(module))) found.add(id)
  }
  return found
}

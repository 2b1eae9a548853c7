/** Finds the specs of which a selection of detections needs more than their own YAML: their bases and members. Pure. */
import type { DetectionWithoutVersion } from '../../model/project/detection.ts'
import type { BuildResult } from './derivation.ts'

/** Selects a detection by its spec, in which the keys of its base are included. */
export type SelectDetection = (detection: Pick<DetectionWithoutVersion, 'spec'>) => boolean

/** A larger part is not faster than the whole project, which has a snapshot. */
const MAX_SELECTED_DETECTIONS = 100

/** The ids of specs. */
export interface NeededSpecs {
  /** The selected detections and, for correlation rules, their members. */
  readonly detections: ReadonlySet<string>
  /** The detections and the bases from which they derive. */
  readonly all: ReadonlySet<string>
}

/** @param built all detections, without the content of their Python files. null: the whole project is needed. */
export function neededSpecs(built: readonly BuildResult[], select: SelectDetection): NeededSpecs | null {
  const selected = built.filter(({ detection }) => select(detection))
  if (selected.length === 0 || selected.length > MAX_SELECTED_DETECTIONS) return null
  const byId = new Map(built.map((each) => [each.detection.id, each]))
  const detections = new Set<string>()
  const open = selected.map(({ detection }) => detection.id)
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (detections.has(id)) continue
    detections.add(id)
    open.push(...(byId.get(id)?.detection.correlation?.steps.map(({ rule }) => rule) ?? []))
  }
  const chains = [...detections].flatMap((id) => byId.get(id)?.chain ?? [])
  return { detections, all: new Set([...detections, ...chains.map((spec) => spec.id)]) }
}

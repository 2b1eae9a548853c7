// How many detections of a project have a guard, and on how many of their cases that do not alert it is silent.
import { createDetectionGuards } from '../../src/engine/worker/guard/detection-guards.ts'
import type { RawObject } from '../../src/engine/worker/guard/guard-values.ts'
import { alertsOn, type Detection, type TestCase } from '../../src/model/project/detection.ts'
import type { Project } from '../../src/model/project/project.ts'
import { analyzeNatively } from './native-analysis.ts'

export interface GuardCounts {
  readonly detections: number
  readonly guarded: number
  /** Cases without mocks that do not alert. */
  readonly negatives: number
  readonly silent: number
}

const NONE: GuardCounts = { detections: 0, guarded: 0, negatives: 0, silent: 0 }

/** By log type, resource type or query; a detection of several types counts for each. Only enabled ones count. */
export function countGuards(project: Project): Record<string, GuardCounts> {
  const { bodies, guards } = analyzeNatively(project, 'run')
  const detectionGuards = createDetectionGuards({ bodies, guards, broken: new Map(), excluded: [] })
  const counts = new Map<string, GuardCounts>()
  for (const [number, body] of bodies.entries()) {
    if (body.kind !== 'detection') continue
    const detection = project.detections.get(body.id)!
    for (const type of typesOf(detection)) {
      const guarded = detectionGuards.of(number, detection.type === 'rule' ? type : null)
      const guard = 'summary' in guarded ? guarded.guard : null
      const negatives = detection.tests.flatMap((each) => negativeOf(detection, type, each))
      const silent = negatives.filter((entry) => guard?.evaluate(JSON.parse(entry), entry) === 'silent')
      const before = counts.get(type) ?? NONE
      counts.set(type, {
        detections: before.detections + 1,
        guarded: before.guarded + (guard === null ? 0 : 1),
        negatives: before.negatives + negatives.length,
        silent: before.silent + silent.length,
      })
    }
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function typesOf({ type, logTypes, scheduledQueries, resourceTypes }: Detection): readonly string[] {
  return type === 'policy' ? resourceTypes : type === 'rule' ? logTypes : scheduledQueries
}

/** The text of the event as an event of this type is evaluated, if the case is one of the type and does not alert. */
function negativeOf(detection: Detection, type: string, test: TestCase): string[] {
  const record = JSON.parse(test.entry) as RawObject | null
  if (test.mocks !== '[]' || test.expectedResult === alertsOn(detection.type)) return []
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return []
  if (detection.type !== 'rule') return [test.entry]
  const own = record.p_log_type ?? type
  return own === type ? [JSON.stringify({ ...record, p_log_type: type })] : []
}

/** Specs of detections -> detections: normalised metadata, body, tests, what is derived from a base. */

import { parseSeverity } from '../../model/alerts/severity.ts'
import type {
  Detection,
  DetectionType,
  DetectionWithoutVersion,
  PythonSource,
} from '../../model/project/detection.ts'
import type { ProblemList } from '../files/problems.ts'
import { child } from '../yaml/yaml.ts'
import { readCorrelation } from './correlation-rules.ts'
import { readAlertKeys, readInlineFilter, readSimpleDetection } from './simple-detections.ts'
import type { Spec } from './spec.ts'

const DEFAULT_DEDUP_MINUTES = 60
const MIN_DEDUP_MINUTES = 5

export function isDerived(spec: Spec): boolean {
  return Boolean(spec.value.BaseDetection)
}

export function buildDetection(
  spec: Spec,
  body: PythonSource | null,
  problems: ProblemList,
): DetectionWithoutVersion {
  warnDedupPeriod(spec, problems)
  return {
    ...metadata(spec.value, spec.id, spec.type as DetectionType),
    location: spec.location,
    body,
    ...detectionOf(spec, problems),
    inlineFilter: spec.value.InlineFilters === undefined ? null : readInlineFilter(spec, problems),
    tests: spec.tests,
  }
}

/** Reads the key `Detection` in the grammar of its type. */
function detectionOf(spec: Spec, problems: ProblemList): Pick<Detection, 'correlation' | 'simple'> {
  if (spec.type !== 'correlation_rule') {
    const simple = spec.value.Detection === undefined ? null : readSimpleDetection(spec, problems)
    return { correlation: null, simple }
  }
  const { source, node } = spec
  return { correlation: readCorrelation(source, child(node, 'Detection')!, problems), simple: null }
}

/** Keys of the derived spec replace those of the base. */
export function derivedValue(base: Spec['value'], own: Spec['value']): Spec['value'] {
  const { BaseDetection: _, AnalysisType: __, ...overrides } = own
  return { ...base, ...overrides }
}

/** The tests are those of the derived spec, if it has any. */
export function deriveDetection(
  spec: Spec,
  base: DetectionWithoutVersion,
  problems: ProblemList,
): DetectionWithoutVersion {
  warnDedupPeriod(spec, problems)
  const value = derivedValue(base.spec, spec.value)
  return {
    ...metadata(value, spec.id, base.type),
    location: spec.location,
    body: base.body,
    correlation: null,
    simple: base.simple && { ...base.simple, ...readAlertKeys(spec, problems) },
    inlineFilter: spec.value.InlineFilters ? readInlineFilter(spec, problems) : base.inlineFilter,
    tests: spec.tests.length > 0 ? spec.tests : base.tests,
  }
}

function metadata(
  value: Readonly<Record<string, unknown>>,
  id: string,
  type: DetectionType,
): Omit<DetectionWithoutVersion, 'location' | 'body' | 'correlation' | 'simple' | 'inlineFilter' | 'tests'> {
  const { Tests: _, ...spec } = value
  const text = (key: string) => (typeof value[key] === 'string' ? value[key] : '')
  const texts = (key: string) => (Array.isArray(value[key]) ? (value[key] as string[]) : [])
  return {
    id,
    type,
    enabled: value.Enabled === true,
    severity: parseSeverity(text('Severity')) ?? 'INFO',
    displayName: text('DisplayName'),
    description: text('Description'),
    reference: text('Reference'),
    runbook: text('Runbook'),
    tags: texts('Tags'),
    logTypes: texts('LogTypes'),
    scheduledQueries: texts('ScheduledQueries'),
    resourceTypes: texts('ResourceTypes'),
    suppressions: texts('Suppressions'),
    outputIds: texts('OutputIds'),
    override: null,
    dedupPeriodMinutes: dedupPeriod(value.DedupPeriodMinutes),
    threshold: (value.Threshold as number | undefined) ?? 1,
    createAlert: value.CreateAlert !== false,
    status: text('Status'),
    spec,
  }
}

function dedupPeriod(minutes: unknown): number {
  if (typeof minutes !== 'number' || minutes === 0) return DEFAULT_DEDUP_MINUTES
  return Math.max(minutes, MIN_DEDUP_MINUTES)
}

function warnDedupPeriod(spec: Spec, problems: ProblemList): void {
  const minutes = spec.value.DedupPeriodMinutes
  if (typeof minutes !== 'number' || minutes >= MIN_DEDUP_MINUTES) return
  problems.warning(spec.source, child(spec.node, 'DedupPeriodMinutes')!.offset, {
    code: 'dedup-period',
    message: `DedupPeriodMinutes: ${minutes} is raised to ${dedupPeriod(minutes)}`,
    hint: minutes === 0 ? 'return p_row_id from dedup() to alert on every event' : null,
  })
}

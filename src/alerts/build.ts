/** Builds candidates from findings: texts, severity, dedup key, and the request for routing. Pure. */

import type { JsonText } from '../core/exact-json.ts'
import type { AlertDraft } from '../model/alerts/alert.ts'
import type { AlertKind } from '../model/alerts/alert-kind.ts'
import {
  FUNCTIONS,
  type FunctionError,
  type FunctionName,
  type FunctionResult,
  type FunctionResults,
  type MatchFinding,
  type SystemFinding,
} from '../model/alerts/finding.ts'
import type { DestinationsResult, RouteRequest } from '../model/alerts/route.ts'
import { type DecidedSeverity, parseSeverity } from '../model/alerts/severity.ts'
import { alertKindOf, alertsOn, type Detection, type DetectionType } from '../model/project/detection.ts'

/** A finding with its texts before routing and deduplication. */
export interface Candidate {
  readonly draft: Omit<AlertDraft, 'route'>
  readonly routeRequest: RouteRequest
  /** The value that counts for the threshold. undefined: every event counts; null: this one does not. */
  readonly unique: string | null | undefined
  readonly threshold: number
  readonly windowMs: number
}

const MINUTE_MS = 60_000
const ERROR_KIND: Record<DetectionType, AlertKind> = {
  rule: 'RULE_ERROR',
  scheduled_rule: 'SCHEDULED_RULE_ERROR',
  policy: 'POLICY_ERROR',
  correlation_rule: 'CORRELATION_RULE_ERROR',
}

/** True if the matcher's result is a match: true for a rule, false for a policy. */
export function matches(type: DetectionType, functions: FunctionResults): boolean {
  return functions.detection?.output === alertsOn(type)
}

/** Builds the candidate of a match, even for a detection that creates no alerts, because its tests compare the texts. */
export function buildMatch(detection: Detection, finding: MatchFinding): Candidate {
  const { functions, event } = finding
  const severity = decideSeverity(detection, functions.severity)
  const logTypes = logTypesOf(detection, event.type)
  const title = outputOf(functions.title)
  // The result of a policy's title() is a dedup key, but not a title.
  const shown = detection.type === 'policy' ? '' : title
  const textOf = (name: 'description' | 'reference' | 'runbook') =>
    functions[name] ? (functions[name].output ?? '') : detection[name]
  return {
    draft: {
      ...aboutDetection(detection),
      kind: alertKindOf(detection.type),
      severity,
      title: shown || detection.displayName || detection.id,
      description: textOf('description'),
      reference: textOf('reference'),
      runbook: textOf('runbook'),
      context: contextOf(functions.alert_context),
      dedup:
        outputOf(functions.dedup) ||
        title ||
        (event.resourceId ?? '') ||
        `defaultDedupString:${detection.id}`,
      logTypes,
      rowId: event.rowId,
    },
    routeRequest: {
      kind: alertKindOf(detection.type),
      severity,
      destinations: destinationsResult(functions.destinations),
      outputIds: detection.outputIds,
      ...(detection.override && { override: detection.override }),
      logTypes,
    },
    unique: functions.unique ? (functions.unique.output ?? null) : undefined,
    threshold: detection.threshold,
    windowMs: detection.dedupPeriodMinutes * MINUTE_MS,
  }
}

/** Builds one candidate per function that failed. Errors have the static severity and no threshold. */
export function buildErrors(detection: Detection, finding: MatchFinding): Candidate[] {
  return FUNCTIONS.flatMap((name) => {
    const error = finding.functions[name]?.error
    return error ? [buildError(detection, finding, name, error)] : []
  })
}

function buildError(
  detection: Detection,
  finding: MatchFinding,
  name: FunctionName,
  error: FunctionError,
): Candidate {
  const kind = ERROR_KIND[detection.type]
  const severity: DecidedSeverity = { value: detection.severity, source: 'static' }
  const logTypes = logTypesOf(detection, finding.event.type)
  const called = functionLabel(name, detection.type)
  const frame = error.frames.at(-1)
  const where = frame ? ` at ${frame.file}:${frame.line}` : ''
  return {
    draft: {
      ...aboutDetection(detection),
      kind,
      severity,
      title: error.repr,
      description: `${called} of ${detection.id} raised ${error.type}${where}: ${error.message}`,
      reference: detection.reference,
      runbook: '',
      context: JSON.stringify({
        function: called,
        error: { type: error.type, message: error.message, ...(error.limit && { limit: error.limit }) },
        frames: error.frames,
        event: { source: finding.event.source, rowId: finding.event.rowId, type: finding.event.type },
      }),
      dedup: `${called}:${error.type}`,
      logTypes,
      rowId: finding.event.rowId,
    },
    routeRequest: {
      kind,
      severity,
      destinations: { kind: 'absent' },
      outputIds: detection.outputIds,
      ...(detection.override && { override: detection.override }),
      logTypes,
    },
    unique: undefined,
    threshold: 1,
    windowMs: detection.dedupPeriodMinutes * MINUTE_MS,
  }
}

/** Builds a system alert with a window of an hour. Its severity is CRITICAL; a heartbeat's is INFO. */
export function buildSystem(finding: SystemFinding): Candidate {
  const severity: DecidedSeverity = {
    value: finding.kind === 'HEARTBEAT' ? 'INFO' : 'CRITICAL',
    source: 'static',
  }
  return {
    draft: {
      detection: `Signalbox.${finding.code}`,
      kind: finding.kind,
      severity,
      title: finding.title,
      name: '',
      description: finding.description,
      reference: '',
      runbook: finding.runbook,
      tags: [],
      context: JSON.stringify(finding.context),
      version: '',
      dedup: finding.dedup,
      logTypes: [],
      rowId: '',
    },
    routeRequest: {
      kind: finding.kind,
      severity,
      destinations: { kind: 'absent' },
      outputIds: finding.destinations ?? [],
      logTypes: [],
    },
    unique: undefined,
    threshold: 1,
    windowMs: 60 * MINUTE_MS,
  }
}

/** The name of a function in messages; the matcher is `rule()` or `policy()`. */
export function functionLabel(name: FunctionName, type: DetectionType): string {
  if (name !== 'detection') return `${name}()`
  if (type === 'correlation_rule') return 'the correlation'
  return type === 'policy' ? 'policy()' : 'rule()'
}

function aboutDetection(detection: Detection) {
  return {
    detection: detection.id,
    name: detection.displayName,
    tags: detection.tags,
    version: detection.version,
  }
}

function decideSeverity(detection: Detection, result: FunctionResult<string> | undefined): DecidedSeverity {
  const generated = result?.output === undefined ? undefined : parseSeverity(result.output)
  return generated
    ? { value: generated, source: 'generated' }
    : { value: detection.severity, source: 'static' }
}

/** The event's type, or the detection's log types if it has none. Those of a policy are its resource types. */
function logTypesOf(detection: Detection, eventType: string | null): readonly string[] {
  if (detection.type === 'policy') return detection.resourceTypes
  return eventType ? [eventType] : detection.logTypes
}

function outputOf(result: FunctionResult<string> | undefined): string {
  return result?.output ?? ''
}

function contextOf(result: FunctionResult<JsonText> | undefined): JsonText {
  if (!result) return '{}'
  return result.error ? JSON.stringify({ _error: result.error.repr }) : result.output
}

export function destinationsResult(
  result: FunctionResult<readonly string[] | null> | undefined,
): DestinationsResult {
  if (!result) return { kind: 'absent' }
  if (result.error) return { kind: 'error', message: result.error.repr }
  return result.output === null ? { kind: 'none' } : { kind: 'list', names: result.output }
}

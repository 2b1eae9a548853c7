/** Loaded detections and what they depend on: metadata, body, tests. */
import type { JsonText } from '../../core/exact-json.ts'
import type { AlertKind } from '../alerts/alert-kind.ts'
import type { RouteLevel } from '../alerts/route.ts'
import type { Severity } from '../alerts/severity.ts'
import type { Correlation, SignalField } from './correlation-definition.ts'
import type { MatchExpression, SimpleDetection } from './match-expression.ts'

export type DetectionType = 'rule' | 'scheduled_rule' | 'policy' | 'correlation_rule'

/** A Python file. `path` is relative to the project root and is what tracebacks show. */
export interface PythonSource {
  readonly path: string
  readonly source: string
}

export interface SourceLocation {
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly column: number
}

export interface Detection {
  readonly id: string
  readonly type: DetectionType
  readonly location: SourceLocation
  /** null: nothing to run in Python (a simple detection or a correlation rule). */
  readonly body: PythonSource | null
  /** The matcher of a simple detection; null: the detection is Python or a correlation rule. */
  readonly simple: SimpleDetection | null
  /** The definition of a correlation rule; null for other types. */
  readonly correlation: Correlation | null
  /** Fields of its signals that correlation rules compare. */
  readonly signalFields: readonly SignalField[]
  /** The condition that an event must satisfy before the matcher runs; null: there is none. */
  readonly inlineFilter: MatchExpression | null
  readonly enabled: boolean
  readonly severity: Severity
  readonly displayName: string
  readonly description: string
  readonly reference: string
  readonly runbook: string
  readonly tags: readonly string[]
  readonly logTypes: readonly string[]
  readonly scheduledQueries: readonly string[]
  readonly resourceTypes: readonly string[]
  /** Globs over the resource id. */
  readonly suppressions: readonly string[]
  readonly outputIds: readonly string[]
  /** `file:line` of the override of destinations.yaml that gave `outputIds`; null: they are the metadata's own. */
  readonly override: string | null
  /** Already normalised: 60 when absent or 0, at least 5. */
  readonly dedupPeriodMinutes: number
  readonly threshold: number
  readonly createAlert: boolean
  readonly status: string
  readonly tests: readonly TestCase[]
  /** 32 base-62 characters of the hash of spec, body and imported helpers. */
  readonly version: string
  /** Every key of the spec but `Tests`, for filters and for kinds of content evaluated elsewhere. */
  readonly spec: Readonly<Record<string, unknown>>
}

/** The assertions of a case besides `ExpectedResult`. An absent key asserts nothing. */
export interface Expectations {
  readonly ExpectedSeverity?: Severity
  readonly ExpectedDestinations?: readonly string[]
  readonly ExpectedRoute?: RouteLevel
  readonly ExpectedTitle?: string
  readonly ExpectedDedup?: string
  readonly ExpectedDescription?: string
  readonly ExpectedReference?: string
  readonly ExpectedRunbook?: string
  readonly ExpectedAlertContext?: unknown
  /** The id of a silence; true: any; false: none. */
  readonly ExpectedSilenced?: string | boolean
  /** The id of an inhibition; true: any; false: none. */
  readonly ExpectedInhibited?: string | boolean
  /** The alerts that are open when the event comes, for inhibitions. They expect nothing. */
  readonly Open?: readonly OpenAlert[]
  /** When the destinations that are named get the alert: `now`, `at TIME`, `silenced`, `inhibited` or `elsewhere`. */
  readonly ExpectedDelivery?: Readonly<Record<string, string>>
  readonly ExpectedEscalation?: readonly ExpectedEscalationStep[]
  /** The time of the event, for the rules of handling. It expects nothing. */
  readonly At?: string
  /** The alerts of a case with several events. */
  readonly ExpectedAlerts?: readonly ExpectedAlert[]
}
/** An open alert of a case. What is absent meets every condition. */
export interface OpenAlert {
  readonly detection: string
  readonly severity?: Severity
  readonly title?: string
  readonly tags?: readonly string[]
  readonly logTypes?: readonly string[]
  /** JSON text of a mapping. */
  readonly context?: JsonText
}

/** An alert that a case with several events creates. An absent key asserts nothing. */
export interface ExpectedAlert {
  /** Epoch milliseconds. */
  readonly at?: number
  readonly events?: number
  readonly severity?: Severity
  readonly route?: RouteLevel
  readonly destinations?: readonly string[]
  readonly title?: string
  readonly dedup?: string
}

/** One of several events of a case. */
export interface TestEvent {
  /** Epoch milliseconds. */
  readonly at: number
  readonly entry: JsonText
}

export interface ExpectedEscalationStep {
  readonly afterMs: number
  readonly to: readonly string[]
  /** Absent: either. */
  readonly unless?: 'acknowledged' | 'resolved'
}

export type ExpectationName = keyof Expectations

export interface TestCase {
  readonly name: string
  readonly location: SourceLocation
  /** `ExpectedResult`: what the matcher must return (for a policy false is the alerting value). */
  readonly expectedResult: boolean
  /** JSON text of `Log` or `Resource`, number lexemes kept. */
  readonly entry: JsonText
  /** Present in a case with several events, of which `entry` is the first one. */
  readonly events?: readonly TestEvent[]
  /** JSON text of the list of mocks. */
  readonly mocks: JsonText
  readonly expectations: Expectations
  /** The expectations that come from the `.expect.yml`. */
  readonly fromExpectationsFile?: readonly string[]
}

export interface Helper {
  /** GlobalID: the import name. */
  readonly id: string
  readonly location: SourceLocation
  readonly body: PythonSource
}

export interface DataModel {
  readonly id: string
  readonly location: SourceLocation
  readonly enabled: boolean
  readonly logTypes: readonly string[]
  readonly mappings: readonly { readonly name: string; readonly path?: string; readonly method?: string }[]
  readonly body: PythonSource | null
}

/** Content that is checked but runs nothing here: packs, queries, lookup tables, prompts. */
export interface OtherContent {
  readonly id: string
  readonly type: string
  readonly location: SourceLocation
  readonly spec: Readonly<Record<string, unknown>>
}

/** The alerting value of the matcher: rules alert on true, policies on false. */
export function alertsOn(type: DetectionType): boolean {
  return type !== 'policy'
}

const ALERT_KIND: Record<DetectionType, AlertKind> = {
  rule: 'RULE',
  scheduled_rule: 'SCHEDULED_RULE',
  policy: 'POLICY',
  correlation_rule: 'CORRELATION_RULE',
}

/** The kind of the alerts that a detection makes by matching. */
export function alertKindOf(type: DetectionType): AlertKind {
  return ALERT_KIND[type]
}

/** All but what needs the other content: the version its helpers, the fields of signals the correlation rules. */
export type DetectionWithoutVersion = Omit<Detection, 'version' | 'signalFields'>

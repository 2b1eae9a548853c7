/** The routes of every detection at every severity, with the evidence for them. */
import type { Route } from './route.ts'
import type { Severity } from './severity.ts'

/**
 * The values go from the surest to the least sure: `static`, the metadata alone decides; `literal`, read from the body's text;
 * `observed`, a test had this result; `unknown`, the body may return this, which is known only at run time.
 */
export const EVIDENCE = ['static', 'literal', 'observed', 'unknown'] as const
export type Evidence = (typeof EVIDENCE)[number]

/** One possible result of a function, with the evidence for it. */
export interface PossibleRoute<T> {
  readonly value: T
  readonly evidence: Evidence
  /** Names of the tests with this result. */
  readonly tests: readonly string[]
}

export interface RouteRow {
  readonly detection: string
  /** Log types (a policy's resource types) of the events that take this route. */
  readonly logTypes: readonly string[]
  readonly severity: Severity
  /**
   * null: `destinations()` decides, and what it says is unknown.
   */
  readonly route: Pick<Route, 'level' | 'destinations' | 'suppressed' | 'problems'> | null
  readonly evidence: Evidence
  readonly tests: readonly string[]
}

export interface RouteTable {
  readonly rows: readonly RouteRow[]
  /** Detections without a row, and why. */
  readonly silent: readonly { readonly detection: string; readonly reason: string }[]
}

export function weakerEvidence(a: Evidence, b: Evidence): Evidence {
  return EVIDENCE.indexOf(a) >= EVIDENCE.indexOf(b) ? a : b
}

/** The end of a bundle: destinations, or the reason why there are none. */
export type RouteEnd = 'destinations' | 'fallback' | 'nowhere' | 'suppressed' | 'unknown'

/** Detections of one log type that go to the same destinations, whatever level decided. */
export interface RouteBundle {
  readonly logType: string
  readonly end: RouteEnd
  readonly destinations: readonly string[]
  /** Highest first. */
  readonly severities: readonly Severity[]
  /** The ids of the detections, sorted. */
  readonly detections: readonly string[]
  /** The least sure of its rows. */
  readonly evidence: Evidence
}

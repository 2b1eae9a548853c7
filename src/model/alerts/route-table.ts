/** Where every detection goes at every severity, and how that is known. */
import type { Route } from './route.ts'
import type { Severity } from './severity.ts'

/**
 * From the surest to the least: `static`, the metadata alone decides; `literal`, read from the body's text;
 * `observed`, a test came out so; `unknown`, the body may say this, and nobody can tell beforehand.
 */
export const EVIDENCE = ['static', 'literal', 'observed', 'unknown'] as const
export type Evidence = (typeof EVIDENCE)[number]

/** One answer of a function, and how it is known. */
export interface PossibleRoute<T> {
  readonly value: T
  readonly evidence: Evidence
  /** Names of the tests that came out so. */
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

/** Where a bundle ends: at destinations, or nowhere, and then why. */
export type RouteEnd = 'destinations' | 'fallback' | 'nowhere' | 'suppressed' | 'unknown'

/** Detections of one log type that go to the same destinations, whatever level decided. */
export interface RouteBundle {
  readonly logType: string
  readonly end: RouteEnd
  readonly destinations: readonly string[]
  /** Highest first. */
  readonly severities: readonly Severity[]
  /** In order of their ids. */
  readonly detections: readonly string[]
  /** The least sure of its rows. */
  readonly evidence: Evidence
}

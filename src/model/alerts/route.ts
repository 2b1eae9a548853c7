/** Routes: where an alert goes, which level decided, and the story of why. */
import type { AlertKind } from './alert-kind.ts'
import type { DecidedSeverity } from './severity.ts'

/**
 * Lowest to highest; `alert-type` is the level of system alerts; then what happens when a level decided but nobody
 * is left. `unresolved`: no registry was given.
 */
export const ROUTE_LEVELS = [
  'static-severity',
  'generated-severity',
  'static-destinations',
  'generated-destinations',
  'alert-type',
  'fallback',
  'nowhere',
  'unresolved',
] as const
export type RouteLevel = (typeof ROUTE_LEVELS)[number]

/** What `destinations()` said: not defined, None, a list, or it failed. Absent, None and [] are three different things. */
export type DestinationsResult =
  | { readonly kind: 'absent' }
  | { readonly kind: 'none' }
  | { readonly kind: 'list'; readonly names: readonly string[] }
  | { readonly kind: 'error'; readonly message: string }

export interface RouteRequest {
  readonly kind: AlertKind
  readonly severity: DecidedSeverity
  readonly destinations: DestinationsResult
  /** `OutputIds` of the metadata or of an override; [] is not set. */
  readonly outputIds: readonly string[]
  /** The line of destinations.yaml whose override supplied `outputIds`, for the trace. */
  readonly override?: string
  /** A filter accepts when any matches. */
  readonly logTypes: readonly string[]
}

/** One level's part in the decision. */
export interface TraceStep {
  readonly level: RouteLevel
  readonly decided: boolean
  /** A sentence for people: what the level had and why it did or did not decide. */
  readonly reason: string
  /** Names this level asked for. */
  readonly names?: readonly string[]
  readonly unknown?: readonly string[]
  /** Who would have got it but for a filter, and which. */
  readonly dropped?: readonly { readonly destination: string; readonly filter: DropReason }[]
}

export type DropReason = 'disabled' | 'severities' | 'alertTypes' | 'logTypes'

export interface RouteProblem {
  readonly code:
    | 'unknown-destination'
    | 'disabled-destination'
    | 'strict-filter'
    | 'skip-mixed'
    | 'too-many'
    | 'nobody'
    | 'destinations-error'
    | 'unverified'
  readonly message: string
  /** The destination concerned, as the detection named it. */
  readonly destination?: string
}

export interface Route {
  readonly level: RouteLevel
  /** Names of destinations, in order, without duplicates. */
  readonly destinations: readonly string[]
  /** Nowhere on purpose: `[]` or SKIP. */
  readonly suppressed: boolean
  readonly trace: readonly TraceStep[]
  readonly problems: readonly RouteProblem[]
}

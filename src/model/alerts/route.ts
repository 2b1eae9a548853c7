/** Routes: the destinations of an alert, the level that decided, and the trace of the decision. */
import type { AlertKind } from './alert-kind.ts'
import type { DecidedSeverity } from './severity.ts'

/**
 * The levels from lowest to highest. `alert-type` is the level of system alerts. The last three apply if no destination
 * remains after a level decided. `unresolved` means that there is no registry.
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

/** The result of `destinations()`: not defined, None, a list, or an error. Absent, None and [] are three different results. */
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
  /** Destinations that a filter removed, with that filter. */
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
  /** True: no destinations were requested, by `[]` or SKIP. */
  readonly suppressed: boolean
  readonly trace: readonly TraceStep[]
  readonly problems: readonly RouteProblem[]
}

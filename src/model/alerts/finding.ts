/** Findings: what may become an alert. The one shape that enters `pipeline.admit`. */
import type { JsonText } from '../../core/exact-json.ts'
import type { EventIdentity } from '../events/event.ts'
import type { AlertKind } from './alert-kind.ts'

/** The functions a detection may define, in the order in which one event runs them. */
export const FUNCTIONS = [
  'detection',
  'title',
  'description',
  'reference',
  'severity',
  'runbook',
  'destinations',
  'dedup',
  'alert_context',
  'unique',
] as const
/** `detection` is `rule(event)` or `policy(resource)`. */
export type FunctionName = (typeof FUNCTIONS)[number]

/** A failure in the author's code, cut to the author's frames. */
export interface FunctionError {
  /** Exception class, for example `KeyError`. */
  readonly type: string
  readonly message: string
  /** `repr(exception)`. */
  readonly repr: string
  /** Author's frames only: repository path, line, function, source line. Innermost last. */
  readonly frames: readonly {
    file: string
    line: number
    function: string
    source: string
    /** The column of a syntax error. Its source line keeps its indentation. */
    column?: number
  }[]
  /** Set when a limit ended the call, for example `time`. */
  readonly limit?: string
}

/**
 * What one function did. Outputs are already of the type the contract demands; another type arrives as an error.
 * `alert_context` is kept as JSON text so that number lexemes survive. `destinations` null = no override.
 */
export type FunctionResult<T = unknown> =
  | { readonly output: T; readonly error?: undefined }
  | { readonly error: FunctionError; readonly output?: undefined }

export interface FunctionResults {
  readonly detection?: FunctionResult<boolean>
  readonly title?: FunctionResult<string>
  readonly description?: FunctionResult<string>
  readonly reference?: FunctionResult<string>
  /** Upper-case; `DEFAULT` stands for the static severity. */
  readonly severity?: FunctionResult<string>
  readonly runbook?: FunctionResult<string>
  readonly destinations?: FunctionResult<readonly string[] | null>
  readonly dedup?: FunctionResult<string>
  readonly alert_context?: FunctionResult<string>
  readonly unique?: FunctionResult<string | null>
}

/** A detection matched an event (or its matcher failed): what each function said. A function the body lacks is absent. */
export interface MatchFinding {
  readonly from: 'detection'
  readonly detection: string
  readonly event: EventIdentity
  readonly functions: FunctionResults
  /** JSON object: of the event's fields those that correlation rules compare, by the names they have there. */
  readonly signalFields?: JsonText
}

/** A condition of the system itself. */
export interface SystemFinding {
  readonly from: 'system'
  readonly kind: Extract<AlertKind, 'SYSTEM_ERROR' | 'ROUTE_ERROR' | 'HEARTBEAT'>
  /** The alert's detection id is `Signalbox.<code>`. */
  readonly code: string
  readonly title: string
  readonly description: string
  readonly runbook: string
  /** Same key within the window: counted, not repeated. */
  readonly dedup: string
  readonly context: Readonly<Record<string, unknown>>
  /** The finding counts once under this id, however many daemons report it. */
  readonly onceId?: string
  /** Exact destinations, where the system knows them (heartbeat); else by alert type. */
  readonly destinations?: readonly string[]
  readonly at: number
}

export type Finding = MatchFinding | SystemFinding

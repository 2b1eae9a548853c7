/** Correlation rules, checked: which signals of other rules together make a match. Times are milliseconds. */
import type { Key } from './match-expression.ts'

/** A field of a member's signals: `p_alert_context.x`, or a field of the event itself. */
export interface SignalField {
  /** The name that the rule has. */
  readonly name: string
  readonly key: Key
}

/** One member: the signals of a rule. */
export interface CorrelationStep {
  readonly id: string
  readonly rule: string
  /** The least number of its signals. */
  readonly min: number
  /** The greatest number of its signals; null: no limit. */
  readonly max: number | null
  /** It must not have happened. */
  readonly absent: boolean
}

/** One value that the signals of several steps share. */
export interface Criterion {
  /** The fields per step. A step that is not named is not bound by the criterion. A step with several fields has the value in each. */
  readonly fields: readonly { readonly step: string; readonly field: SignalField }[]
}

export interface Transition {
  readonly from: string
  readonly to: string
  /** null: the lookback window. */
  readonly withinMs: number | null
}

export type CorrelationSchedule = { readonly cron: string } | { readonly everyMs: number }

export interface Correlation {
  readonly form: 'group' | 'sequence'
  readonly steps: readonly CorrelationStep[]
  /** All must hold, each with a value of its own. */
  readonly criteria: readonly Criterion[]
  /** The transitions of a sequence. */
  readonly transitions: readonly Transition[]
  /** The number of steps that a group requires; null: all. */
  readonly minSteps: number | null
  readonly lookbackMs: number
  readonly schedule: CorrelationSchedule
}

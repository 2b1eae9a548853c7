/** What is known of the guard of a detection, and what it decides for one event. See docs/guards.md. */
import type { JsonText } from '../../core/exact-json.ts'
import type { SourceLocation } from '../project/detection.ts'

/** A request for what is known of a guard; with an entry, also for what it decides. */
export interface GuardCall {
  readonly detection: string
  /** The event as the detection sees it; null: no event is explained. */
  readonly entry: JsonText | null
  /** Whether the guard's evaluation of the entry is measured, which takes some milliseconds. */
  readonly isMeasured?: boolean
}

/** A part of the text of a body. */
export interface GuardPart {
  readonly location: SourceLocation
  /** The text on one line. */
  readonly text: string
}

/** Why a detection has no guard or no index condition, or why its guard does not decide. */
export interface GuardReason {
  readonly kind: GuardReasonKind
  readonly message: string
  /** The part of a body that is the reason; null: no single part is. */
  readonly part: GuardPart | null
}

/**
 * `off`: guards are not used. `group`: another body can change what this one means. `shape`: the matcher is not a plain
 * function. `model`: the data model. `construct`: a part that the analysis cannot follow. `raises`: Python raises an
 * exception. `returns`: the result is neither the silent nor the alerting one. `matches`: it alerts. `value`: a value for
 * which the guard does not know what Python does. `filled`: a field that every event has.
 */
export type GuardReasonKind =
  | 'off'
  | 'group'
  | 'shape'
  | 'model'
  | 'construct'
  | 'raises'
  | 'returns'
  | 'matches'
  | 'value'
  | 'filled'

/** The guard and the index conditions of a detection for the events of one log type. */
export interface GuardState {
  /** The log type whose data model the detection sees; null: none. */
  readonly logType: string | null
  /** Why there is no guard; null: there is one. */
  readonly noGuard: GuardReason | null
  /** The index conditions as Python expressions. One of them holds for each event on which the detection may alert. */
  readonly conditions: readonly string[]
  /** Where the index conditions come from; null: there are none, so the detection is selected for every event. */
  readonly conditionsFrom: 'guard' | 'filter' | null
  /** Why the guard has no index conditions; null: it has some, or the detection has no guard. */
  readonly noConditions: GuardReason | null
}

/** A test of the matcher, or a value that it returns. */
export interface GuardStep extends GuardPart {
  /** How many functions were entered on the way to it. */
  readonly depth: number
  /** The value as Python writes it, shortened. */
  readonly value: string
}

/** What a guard decides for one event. */
export interface GuardExplanation extends GuardState {
  /** `silent`: Python is not called. `python`: the matcher is called. */
  readonly answer: 'silent' | 'python'
  /** Whether the inline filter passes; null: there is none. Where it does not, Python is not called. */
  readonly passesFilter: boolean | null
  /** Why Python is called although there is a guard; null: it is not called, or there is no guard. */
  readonly asked: GuardReason | null
  /** The index conditions that hold; empty where the index leaves the detection out, or selects it for every event. */
  readonly held: readonly string[]
  /** The tests that were evaluated, in their order. */
  readonly steps: readonly GuardStep[]
  /** The fields that were looked up, each with its value as Python writes it, shortened. */
  readonly lookups: readonly { readonly text: string; readonly value: string }[]
}

/** What a detection reports of its guard: null if it has no Python body that is loaded. */
export interface GuardReport {
  /** One for each log type of which the detection sees the data model. */
  readonly states: readonly GuardState[]
  /** Present if there was an entry. */
  readonly explanation: GuardExplanation | null
  /** The median time of the guard for the entry, in microseconds; null: it was not measured, or there is no guard. */
  readonly guardUs: number | null
}

/** The form of a stage of handling: it changes what is sent, and says why. Pure. */
import type { AlertDraft } from '../model/alerts/alert.ts'
import type { HandlingStep, PlannedEscalation, PlannedSend } from '../model/alerts/handling.ts'
import type { Inhibitor } from '../model/alerts/inhibition.ts'
import type { Silence } from '../model/alerts/silence.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'

/** What stages know of an alert. */
export type HandledAlert = Pick<
  AlertDraft,
  'detection' | 'kind' | 'severity' | 'title' | 'tags' | 'context' | 'logTypes' | 'dedup'
>

/** What stages need beside the files of the project. It is read from the store before the decision, and compared by its commit. */
export interface HandlingState {
  readonly silences: readonly Silence[]
  /** The alerts that can hide the one that is decided about, by the keys of `inhibitionKeys`. */
  readonly inhibitors: ReadonlyMap<string, Inhibitor>
}

export const NO_HANDLING_STATE: HandlingState = { silences: [], inhibitors: new Map() }

export interface StageInput {
  readonly alert: HandledAlert
  /** What the stages before have left: no `none`. */
  readonly sends: readonly PlannedSend[]
  readonly rules: HandlingRules
  readonly state: HandlingState
  /** The time that is decided about, epoch ms; null: a test case without a time. */
  readonly now: number | null
}

export interface StageResult {
  /** One for each send of the input, and those that a stage adds. */
  readonly sends: readonly PlannedSend[]
  readonly steps: readonly HandlingStep[]
  /** Absent: the stage plans none. */
  readonly escalations?: readonly PlannedEscalation[]
}

/** Returns null if there is no rule for the stage. Then it costs nothing and adds no step. */
export type Stage = (input: StageInput) => StageResult | null

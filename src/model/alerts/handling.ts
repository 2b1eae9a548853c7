/** The handling of an alert after its route is decided: when each destination gets it, or why not, with the steps of the decision. */

/** The stages in the order in which they decide. */
export const HANDLING_STAGES = ['silence', 'inhibition', 'hours', 'digest', 'escalation'] as const
export type HandlingStage = (typeof HANDLING_STAGES)[number]

/** `hid`: not sent. `held`: sent later. `gathered`: part of a digest. `scheduled`: sent to others unless something happens. */
export type HandlingResult = 'passed' | 'hid' | 'held' | 'gathered' | 'scheduled'

/** What one stage decided. */
export interface HandlingStep {
  readonly stage: HandlingStage
  /** The name of the destination; absent: all destinations that the stages before have left. */
  readonly destination?: string
  readonly did: HandlingResult
  /** The id of the rule that decided; empty: none did. */
  readonly by: string
  /** The end of what was decided, epoch ms. */
  readonly until?: number
  /** A sentence for people. */
  readonly reason: string
}

/** What happens to the alert at one destination of its route. */
export type PlannedSend =
  | { readonly destination: string; readonly how: 'now' }
  /** Epoch ms. */
  | { readonly destination: string; readonly how: 'at'; readonly at: number }
  /** There is no delivery. */
  | { readonly destination: string; readonly how: 'none' }

export interface Handling {
  /** One for each destination of the route, in its order. */
  readonly sends: readonly PlannedSend[]
  /** Empty if no rule of handling exists. */
  readonly steps: readonly HandlingStep[]
}

/** One decision about an alert, as the store keeps it. An alert has several if later events are decided, too. */
export interface HandlingRecord {
  /** The time that the decision was about, epoch ms. */
  readonly at: number
  readonly steps: readonly HandlingStep[]
}

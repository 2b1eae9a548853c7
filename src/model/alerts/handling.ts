/** The handling of an alert after its route is decided: when each destination gets it, or why not, with the steps of the decision. */

/** The stages in the order in which they decide. */
export const HANDLING_STAGES = ['silence', 'inhibition', 'hours', 'digest', 'group', 'escalation'] as const
export type HandlingStage = (typeof HANDLING_STAGES)[number]

/**
 * `hid`: not sent. `held`: sent later. `gathered`: sent with others as one message. `replaced`: sent to others instead. `scheduled`: sent to others unless something
 * happens.
 */
export type HandlingResult = 'passed' | 'hid' | 'held' | 'gathered' | 'replaced' | 'scheduled'

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
  | { readonly destination: string; readonly how: 'now'; readonly group?: PlannedGroup }
  /** Epoch ms. */
  | { readonly destination: string; readonly how: 'at'; readonly at: number; readonly group?: PlannedGroup }
  /** Sent in a digest. `at`: not before this time, epoch ms; absent: no hours hold it. */
  | {
      readonly destination: string
      readonly how: 'digest'
      readonly digest: PlannedDigest
      readonly at?: number
    }
  /** There is no delivery. */
  | { readonly destination: string; readonly how: 'none' }

/** The digest that an alert joins. */
export interface PlannedDigest {
  /** The values of the alert by which digests are kept apart. */
  readonly by: readonly string[]
  readonly everyMs: number
  /** So many alerts within `everyMs` are sent at once before the others are gathered. */
  readonly after: number
}

/** The group of an alert that calls a person. The first alert of a group is sent, and later ones are updates of it. */
export interface PlannedGroup {
  /** The values of the alert by which groups are kept apart. */
  readonly by: readonly string[]
  readonly forMs: number
}

/** A destination sends the alert to others at a later time, or opens it again, unless its status changes before. */
export interface PlannedEscalation {
  /** The destination that declares it. */
  readonly destination: string
  readonly kind: 'step' | 'release'
  /** The number of the step at its destination, from 0. */
  readonly step: number
  readonly afterMs: number
  readonly unless: 'acknowledged' | 'resolved'
  readonly to: readonly string[]
  /** The time begins here, epoch ms; null: it begins with the alert. */
  readonly heldUntil: number | null
}

export interface Handling {
  /** One for each destination of the route, in its order, and those that get the alert instead of one of them. */
  readonly sends: readonly PlannedSend[]
  readonly escalations: readonly PlannedEscalation[]
  /** Empty if no rule of handling exists. */
  readonly steps: readonly HandlingStep[]
}

/** One decision about an alert, as the store keeps it. An alert has several if later events are decided, too. */
export interface HandlingRecord {
  /** The time that the decision was about, epoch ms. */
  readonly at: number
  readonly steps: readonly HandlingStep[]
}

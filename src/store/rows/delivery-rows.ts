/** Rows about deliveries, and about the destinations they go to. Times are epoch milliseconds. */

export interface NewDelivery {
  /** `deliveryId(...)`: also the idempotency key. An id that exists already is left alone. */
  readonly id: string
  readonly alertId: string
  readonly destinationKey: string
  /** Name at creation, for people. */
  readonly destination: string
  readonly due: number
  readonly createdAt: number
  /** Why it goes there, for example `static-severity` or `fallback: soc-slack is dead: 400`. */
  readonly reason: string
}

/**
 * pending -> sending -> delivered | waiting | dead; waiting -> sending; dead | orphaned -> pending (retry).
 * A lease that runs out puts sending back in reach of `claim`. orphaned: its destination left the registry.
 */
export const DELIVERY_STATES = ['pending', 'sending', 'delivered', 'waiting', 'dead', 'orphaned'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

export interface DeliveryRow {
  readonly id: string
  readonly kind: 'single' | 'digest'
  readonly destinationKey: string
  readonly destination: string
  readonly state: DeliveryState
  readonly due: number
  /** Attempts that were spent; waits ordered by the provider and pauses spend none. */
  readonly attempts: number
  readonly createdAt: number
  /** Milliseconds of pauses, during which the age stood still. */
  readonly pausedMs: number
  readonly reason: string
  /** Last outcome's message. */
  readonly message: string
  /** The alerts it carries: one, but for a digest. */
  readonly alertIds: readonly string[]
}

/** How many deliveries of a destination are not delivered, by state. */
export interface Backlog {
  readonly destinationKey: string
  readonly state: DeliveryState
  readonly count: number
}

export interface Attempt {
  readonly n: number
  readonly at: number
  readonly status: number | null
  readonly ms: number
  readonly outcome: 'delivered' | 'retry' | 'refused'
  readonly message: string
}

export type DeliveryOutcome =
  | { readonly state: 'delivered'; readonly attempt: Omit<Attempt, 'n'> }
  | {
      readonly state: 'waiting'
      readonly due: number
      /** False for waits the provider ordered and for pauses. */
      readonly spendsAttempt: boolean
      readonly pausedMs?: number
      /** null where no request was made (paused, rate limited, shut down before sending). */
      readonly attempt: Omit<Attempt, 'n'> | null
    }
  | {
      readonly state: 'dead'
      readonly attempt: Omit<Attempt, 'n'> | null
      readonly reason: string
      /** The alert's hand-over to the fallback, in the same transaction. */
      readonly fallbackDeliveries: readonly NewDelivery[]
    }

/** What N daemons must agree on about one destination. */
export interface DestinationState {
  readonly pausedAt: number | null
  readonly pausedReason: string
  /** When one delivery may probe a paused destination; set it to now to have it tried at once. */
  readonly probeAt: number | null
  /** Pauses that ended, the latest last, bounded: deliveries that waited through them did not age. */
  readonly pauses?: readonly { readonly from: number; readonly to: number }[]
  /** Consecutive failures, for the breaker. */
  readonly failures: number
  /** Nothing is sent before: the provider asked for it, or the breaker is open. */
  readonly heldUntil?: number | null
  readonly tokens: number | null
  readonly tokensAt: number | null
}

/** Types of the rows of deliveries and destinations. Times are epoch milliseconds. */
import type { JsonText } from '../../core/exact-json.ts'
import type { AlertUpdate, UpdateEvent } from '../../model/alerts/alert-update.ts'
import type { RateLimit } from '../../model/project/destination.ts'

/** How a delivery joins a digest. The store decides which one, so that daemons that gather at the same time do not conflict. */
export interface Gathering {
  /** Deliveries with the same key are gathered together. */
  readonly key: string
  /** The id of the digest if this delivery opens it. */
  readonly id: string
  readonly windowMs: number
  /** If fewer deliveries of the key were sent alone within the window, this one is, too. */
  readonly after: number
  /** The time at which the digest is sent if this delivery opens it. */
  readonly due: number
  /**
   * Present: the first delivery of the window calls a person, and the digest of the others is an update of it. A delivery
   * whose alert is resolved, or that was not delivered, is not the first any more.
   */
  readonly pages?: true
}

/** A digest with so many alerts is closed, and the next alert opens another one. */
export const MAX_DIGEST_ALERTS = 1_000

export interface NewDelivery {
  /** The result of `deliveryId(...)`, which is the idempotency key, too. An id that exists already is not inserted again. */
  readonly id: string
  readonly alertId: string
  readonly destinationKey: string
  /** The name of the destination at creation. */
  readonly destination: string
  readonly due: number
  /** It is not due before, whatever is done to the clock of the host; absent: no rule holds it. */
  readonly notBefore?: number
  /** The age counts from here. What a rule holds does not age until then. */
  readonly createdAt: number
  /** Absent: it is a message of its own. */
  readonly gather?: Gathering
  /** The reason for the destination, for example `static-severity` or `fallback: soc-slack is dead: 400`. */
  readonly reason: string
}

/**
 * pending -> sending -> delivered | waiting | dead | withdrawn; waiting -> sending; dead | orphaned -> pending (retry).
 * A delivery in `sending` can be claimed again when its lease expires. It is orphaned if its destination was removed.
 * An update is `queued` until its turn. What has no purpose any more is `withdrawn`.
 */
export const DELIVERY_STATES = [
  'pending',
  'sending',
  'delivered',
  'waiting',
  'queued',
  'dead',
  'orphaned',
  'withdrawn',
] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** The states of deliveries that may still arrive, or could not. */
export const UNDELIVERED_STATES = DELIVERY_STATES.filter(
  (state) => state !== 'delivered' && state !== 'withdrawn',
)

/**
 * The number of deliveries by state. `scheduled` are those that are pending or queued until a later time, for example until
 * `repeatEvery` is over, or until the hours of their destination. Their state does not count them, because nothing holds
 * them up.
 */
export type DeliveryCounts = Readonly<Record<DeliveryState | 'scheduled', number>>

export function isScheduled({ state, due }: Pick<DeliveryRow, 'state' | 'due'>, now: number): boolean {
  return (state === 'pending' || state === 'queued') && due > now
}

export interface DeliveryRow {
  readonly id: string
  readonly kind: 'single' | 'digest' | 'update'
  readonly destinationKey: string
  readonly destination: string
  readonly state: DeliveryState
  readonly due: number
  /** The attempts that were spent. Waits that the provider orders and pauses spend none. */
  readonly attempts: number
  readonly createdAt: number
  /** Milliseconds of pauses, which do not count for the age. */
  readonly pausedMs: number
  readonly reason: string
  /** The message of the last outcome. */
  readonly message: string
  /** The alerts that it carries: one, except in a digest. */
  readonly alertIds: readonly string[]
  /** The delivery that an update belongs to; null for other kinds, as for `update`. */
  readonly updateOf: string | null
  readonly update: AlertUpdate | null
  /** What a later update needs to find the provider's record, as JSON; null: the type keeps none. */
  readonly remoteReference: JsonText | null
}

/** A destination that gets updates of the alerts that were delivered to it. */
export interface UpdateSubscription {
  /** The key of the first delivery: that of the destination, or an earlier one. */
  readonly firstKey: string
  readonly destinationKey: string
  readonly destination: string
  readonly events: readonly UpdateEvent[]
  /** Updates about repeated events are at least so far apart. */
  readonly repeatEveryMs: number
}

/** The number of deliveries of a destination that are not delivered, by state. Scheduled updates are counted apart. */
export interface Backlog {
  readonly destinationKey: string
  readonly status: keyof DeliveryCounts
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
  | {
      readonly state: 'delivered'
      readonly attempt: Omit<Attempt, 'n'>
      readonly remoteReference?: JsonText
    }
  /** It was not sent, because it has no purpose any more. */
  | { readonly state: 'withdrawn'; readonly attempt: null; readonly reason: string }
  | {
      readonly state: 'waiting'
      readonly due: number
      /** False for waits that the provider ordered and for pauses. */
      readonly spendsAttempt: boolean
      readonly pausedMs?: number
      /** null if no request was made (paused, rate limited, stopped before sending). */
      readonly attempt: Omit<Attempt, 'n'> | null
    }
  | {
      readonly state: 'dead'
      readonly attempt: Omit<Attempt, 'n'> | null
      readonly reason: string
      /** The deliveries of its alert to the fallback, in the same transaction. */
      readonly fallbackDeliveries: readonly NewDelivery[]
    }

/** What a change has made of the state of a destination. */
export interface ChangedDestination {
  readonly before: DestinationState
  readonly after: DestinationState
}

/** The state of one destination, on which all daemons agree. */
export interface DestinationState {
  readonly pausedAt: number | null
  readonly pausedReason: string
  /** The time at which one delivery may probe a paused destination; now means immediately. */
  readonly probeAt: number | null
  /** Pauses that have ended, the latest last, bounded. Deliveries that waited through them did not age. */
  readonly pauses?: readonly { readonly from: number; readonly to: number }[]
  /** The number of consecutive failures, for the breaker. */
  readonly failures: number
  /** No delivery is sent before this time: the provider ordered it, or the breaker is open. */
  readonly heldUntil?: number | null
  /** Present since the provider ordered a wait, until it has ordered none for an hour. */
  readonly throttle?: {
    /** How many requests may be under way at once. */
    readonly window: number
    /** The rate to keep; null: it is not known yet. */
    readonly perMinute: number | null
    /** The rate that the last order has shown. */
    readonly basePerMinute: number | null
    /** Deliveries since `from`, the end of the last ordered wait. */
    readonly delivered: number
    readonly from: number
  } | null
  /** The latest refusals in a row with the same cause. A delivery that is accepted ends them. */
  readonly refusals?: {
    readonly cause: string
    readonly since: number
    readonly count: number
    /** The detections of the refused alerts, as many as decide. */
    readonly detections: readonly string[]
    /** The refused deliveries, the latest last, bounded. */
    readonly deliveries: readonly string[]
  } | null
  /** Causes that proved to be a fault of the alerts of one detection, bounded. */
  readonly alertFaults?: readonly {
    readonly cause: string
    readonly detection: string
    readonly at: number
  }[]
  /** Deliveries that were created before this time and waited for a paused destination went to the fallback, too. */
  readonly copiedUntil?: number | null
  readonly tokens: number | null
  readonly tokensAt: number | null
}

/** The state of a destination of which nothing is stored. */
export const UNKNOWN_DESTINATION: DestinationState = {
  pausedAt: null,
  pausedReason: '',
  probeAt: null,
  failures: 0,
  tokens: null,
  tokensAt: null,
}

/** What the registry allows for a destination. All daemons together keep it. */
export interface SendLimits {
  /** The greatest number of sends that are under way. */
  readonly concurrency: number
  /** The configured rate, or that of the type; null: there is none. */
  readonly rateLimit: RateLimit | null
  /** Lease tokens of deliveries whose send has ended, although the outcome is not recorded yet: they are not under way. */
  readonly answered: readonly string[]
}

export interface DutyRequest extends SendLimits {
  readonly key: string
}

/** What a destination has to send. */
export interface Duty {
  readonly key: string
  readonly state: DestinationState
  /** The number of deliveries that can be claimed now. */
  readonly claimable: number
  /**
   * Epoch ms at which more can be claimed, as far as that depends on time alone: a due date, the end of a lease, of a hold
   * or of a wait for a token. null: never.
   */
  readonly nextAt: number | null
}

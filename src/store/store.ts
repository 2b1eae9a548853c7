/**
 * The contract of a store: asynchronous, without interactive transactions and without callbacks inside of one.
 * `read` returns state with versions, a pure decision makes a plan, `commit` writes all of it or reports a conflict.
 */

import type { JsonText } from '../core/exact-json.ts'
import type { AlertDraft } from '../model/alerts/alert.ts'
import type { AlertKind } from '../model/alerts/alert-kind.ts'
import type { Route } from '../model/alerts/route.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type {
  Attempt,
  Backlog,
  DeliveryOutcome,
  DeliveryRow,
  DeliveryState,
  DestinationState,
  NewDelivery,
} from './rows/delivery-rows.ts'

export * from './rows/delivery-rows.ts'

/** A dedup group: the counting state of one detection, kind and dedup key. */
export interface Group {
  /** The result of `groupKey(...)`. */
  readonly key: string
  readonly detection: string
  readonly kind: AlertKind
  readonly dedup: string
  /** The first match opens the dedup window, which restarts when the alert is created. All times here are epoch ms. */
  readonly startedAt: number
  /** The open alert; null until there is one. */
  readonly alertId: string | null
  readonly alertAt: number | null
  /** The number of alerts of this group so far, which identifies the next one. */
  readonly ordinal: number
  /** The number of events in the present window. */
  readonly count: number
  /** Hashes of the distinct `unique()` values in the window, bounded by the threshold. */
  readonly distinct: readonly string[]
  /** The draft of the first event of the window. */
  readonly first: AlertDraft | null
  /** The highest severity of the open alert and all destinations of its events, so that a divergence is recorded once. */
  readonly peak: { readonly severity: Severity; readonly destinations: readonly string[] } | null
}

/** The alerts of a detection in the present hour, and whether they muted it. */
export interface LimiterState {
  readonly detection: string
  readonly hourStartedAt: number
  readonly created: number
  readonly mutedAt: number | null
}

/** A row with the version that `commit` compares. */
export interface Versioned<T> {
  readonly value: T
  readonly version: number
}

export interface ReadKeys {
  readonly groups: readonly string[]
  readonly limiters: readonly string[]
  /** Row ids and idempotency keys that may have been seen before. */
  readonly seen: readonly string[]
}

export interface ReadState {
  readonly groups: ReadonlyMap<string, Versioned<Group>>
  readonly limiters: ReadonlyMap<string, Versioned<LimiterState>>
  readonly seen: ReadonlySet<string>
}

export interface Divergence {
  readonly at: number
  readonly rowId: string
  readonly severity?: Severity
  readonly destinations?: readonly string[]
}

export interface AlertRow {
  readonly id: string
  readonly groupKey: string
  readonly detection: string
  readonly kind: AlertKind
  readonly severity: Severity
  /** The title without the prefix of a re-sent alert. */
  readonly title: string
  readonly dedup: string
  readonly createdAt: number
  /** The exact JSON text of the frozen notification. */
  readonly notification: JsonText
  readonly reference: string
  readonly route: Route
  readonly logTypes: readonly string[]
  readonly events: number
  readonly lastEventAt: number
  readonly divergences: readonly Divergence[]
}

export interface AlertUpdate {
  readonly id: string
  /** The number of events that were merged into the alert. */
  readonly events: number
  readonly lastEventAt: number
  readonly logTypes: readonly string[]
  readonly divergences: readonly Divergence[]
}

export interface SignalRow {
  readonly detection: string
  /** The time at which the event was counted. */
  readonly at: number
  /** The time in the event; the time of counting if the event has none. */
  readonly happenedAt: number
  readonly rowId: string
  readonly logType: string
  readonly alertId: string | null
  /** A JSON object with the fields of event and alert context that correlation rules compared when the event came. */
  readonly fields: JsonText
}

/** A signal with its number in the store. Later signals have higher numbers, and no number is used twice. */
export interface StoredSignal extends SignalRow {
  readonly id: number
}

export interface SignalFilter {
  /** If absent, signals of all detections. */
  readonly detections?: readonly string[]
  /** Only signals with a higher number. */
  readonly after?: number
  /** Only signals whose event happened in this range, both ends included. */
  readonly happened?: { readonly from: number; readonly to: number }
  /** If there are more than the limit, the latest instead of the first. */
  readonly latest?: boolean
  readonly limit: number
}

export interface KvWrite {
  readonly key: string
  /** null removes the key. */
  readonly value: JsonText | null
  readonly expiresAt: number | null
}

/** Everything that one decision writes, as one transaction. */
export interface CommitPlan {
  readonly cursors: readonly { source: string; cursor: string }[]
  /** The ids that this plan counts. An id that was seen meanwhile is a conflict, so that no event is counted twice. */
  readonly seen: readonly { id: string; until: number }[]
  readonly signals: readonly SignalRow[]
  readonly groups: readonly Group[]
  readonly limiters: readonly LimiterState[]
  readonly alerts: readonly AlertRow[]
  readonly alertUpdates: readonly AlertUpdate[]
  readonly deliveries: readonly NewDelivery[]
  readonly kv: readonly KvWrite[]
}

export const EMPTY_PLAN: CommitPlan = {
  cursors: [],
  seen: [],
  signals: [],
  groups: [],
  limiters: [],
  alerts: [],
  alertUpdates: [],
  deliveries: [],
  kv: [],
}

/** The versions that were read, by group key and by the limiter's detection; 0 if there was no row. */
export interface ExpectedVersions {
  readonly groups: ReadonlyMap<string, number>
  readonly limiters: ReadonlyMap<string, number>
}

/** A delivery held under a lease. */
export interface ClaimedDelivery {
  readonly delivery: DeliveryRow
  readonly leaseToken: string
  /** An attempt was made before, or was begun by a daemon that ended before it recorded the outcome. */
  readonly repeated: boolean
  readonly alerts: readonly AlertRow[]
}

export interface AlertFilter {
  readonly detection?: string
  readonly severity?: Severity
  readonly since?: number
  readonly limit: number
}

export interface DeliveryFilter {
  readonly states?: readonly DeliveryState[]
  /** The name or key of a destination. */
  readonly destination?: string
  readonly alertId?: string
  /** Only deliveries without another delivery of the same alert whose reason begins with this text. */
  readonly unlessBeside?: string
  readonly limit: number
}

export interface Store {
  /** The location of the store, for messages. It never contains a password. */
  readonly location: string
  cursor(source: string): Promise<string | null>
  read(keys: ReadKeys): Promise<ReadState>
  commit(plan: CommitPlan, expected: ExpectedVersions): Promise<'ok' | 'conflict'>

  /** How many deliveries of a destination `claim` could lease now; it counts up to `atMost`. */
  countDue(destinationKey: string, atMost: number): Promise<number>
  /** Leases due deliveries of these destinations for `leaseMs` by the store's clock, earliest first. */
  claim(request: {
    destinationKeys: readonly string[]
    limit: number
    leaseMs: number
  }): Promise<readonly ClaimedDelivery[]>
  /** Records the outcome by compare-and-set on the lease: false if the lease was lost, and then nothing changed. */
  recordOutcome(id: string, leaseToken: string, outcome: DeliveryOutcome): Promise<boolean>
  /** The time at which `claim` next has a delivery for these destinations: a due date or the end of a lease; null: never. */
  nextDue(destinationKeys: readonly string[]): Promise<number | null>
  /**
   * Marks deliveries of unknown destinations orphaned, and adopts those whose key was a previous name (orphans
   * among them become pending). A delivery that is being sent under a valid lease is left for the next call.
   */
  reconcile(registry: {
    knownKeys: readonly string[]
    renames: readonly { from: string; to: string; name: string }[]
  }): Promise<{ orphaned: number; adopted: number }>
  /** Sets dead, orphaned or waiting deliveries to pending and due now, with no attempts and no age. Returns how many. */
  retry(selection: { ids: readonly string[] } | DeliveryFilter): Promise<number>
  /**
   * Moves due dates back by as much as the clock was set back. With 0 it moves only those that the present clock cannot
   * have made: new deliveries that are due later, and waits longer than an hour.
   */
  shiftDueDates(ms: number): Promise<void>

  destinationState(key: string): Promise<Versioned<DestinationState>>
  /** Writes by compare-and-set; version 0 means that there is no row yet. */
  setDestinationState(key: string, state: DestinationState, expectedVersion: number): Promise<boolean>
  /** Resolves with true for exactly one caller per job and slot. */
  claimSlot(job: string, slot: string): Promise<boolean>

  alerts(filter: AlertFilter): Promise<readonly AlertRow[]>
  alert(id: string): Promise<AlertRow | null>
  deliveries(filter: DeliveryFilter): Promise<readonly DeliveryRow[]>
  attempts(deliveryId: string): Promise<readonly Attempt[]>
  /** Counts deliveries of these states. Without states it counts all, which reads every delivery of the store. */
  countDeliveries(states?: readonly DeliveryState[]): Promise<Readonly<Record<DeliveryState, number>>>
  backlog(): Promise<readonly Backlog[]>
  /** Signals in the order of their numbers. */
  signals(filter: SignalFilter): Promise<readonly StoredSignal[]>
  /** The number of the latest signal; 0 if there is none. */
  latestSignal(): Promise<number>
  kv(keys: readonly string[]): Promise<ReadonlyMap<string, JsonText>>

  /**
   * Acquires the lock that allows one daemon per store; rejects with a UserError that names the holder if it is held.
   * The claims of a predecessor that has ended can be claimed again immediately.
   */
  acquireInstanceLock(holder: string): Promise<void>
  /** Rejects with a UserError if the file of the store was removed or replaced. Every write checks this, too. */
  check(): Promise<void>
  close(): Promise<void>
}

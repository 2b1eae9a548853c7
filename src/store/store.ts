/**
 * The contract of a store: asynchronous, no interactive transaction, no callback inside one.
 * `read` gives state with versions, a pure decision makes a plan, `commit` takes it whole or says conflict.
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

/** Everything about one (detection, kind, dedup key). */
export interface Group {
  /** `groupKey(...)`. */
  readonly key: string
  readonly detection: string
  readonly kind: AlertKind
  readonly dedup: string
  /** The first match opens the counting window; it restarts from the alert's creation. Epoch ms, as all times here. */
  readonly startedAt: number
  /** The open alert, once there is one. */
  readonly alertId: string | null
  readonly alertAt: number | null
  /** Alerts made in this group so far: the next one's identity. */
  readonly ordinal: number
  /** Events in the present window. */
  readonly count: number
  /** Hashes of distinct `unique()` values in the counting window, bounded by the threshold. */
  readonly distinct: readonly string[]
  /** What the first event of the window decided. */
  readonly first: AlertDraft | null
  /** Of the open alert: the highest severity and every destination its events asked for, so that a divergence is told once. */
  readonly peak: { readonly severity: Severity; readonly destinations: readonly string[] } | null
}

/** How many alerts a detection made in the present hour, and whether that muted it. */
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
  /** Ids that may have been seen: row ids and idempotency keys. */
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
  /** Without prefix. */
  readonly title: string
  readonly dedup: string
  readonly createdAt: number
  /** The frozen notification's exact text. */
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
  /** How many more events were merged into it. */
  readonly events: number
  readonly lastEventAt: number
  readonly logTypes: readonly string[]
  readonly divergences: readonly Divergence[]
}

export interface SignalRow {
  readonly detection: string
  /** When the event counted. */
  readonly at: number
  /** The event's own time; that of its counting where it tells none. */
  readonly happenedAt: number
  readonly rowId: string
  readonly logType: string
  readonly alertId: string | null
  /** JSON object: of event and alert context the fields that correlation rules compared when it came. */
  readonly fields: JsonText
}

/** A signal with the number under which the store keeps it: later ones have higher ones, and none comes twice. */
export interface StoredSignal extends SignalRow {
  readonly id: number
}

export interface SignalFilter {
  /** Absent: of all. */
  readonly detections?: readonly string[]
  /** Those with a higher number. */
  readonly after?: number
  /** By the event's own time, both ends included. */
  readonly happened?: { readonly from: number; readonly to: number }
  /** Of more than the limit the latest instead of the first. */
  readonly latest?: boolean
  readonly limit: number
}

export interface KvWrite {
  readonly key: string
  /** null removes it. */
  readonly value: JsonText | null
  readonly expiresAt: number | null
}

/** All that one decision changes; taken as one transaction. */
export interface CommitPlan {
  readonly cursors: readonly { source: string; cursor: string }[]
  /** Ids that this plan counts; one that was seen meanwhile is a conflict, so that nobody counts it twice. */
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

/** Version read per group key and per limiter's detection; 0 where there was none. */
export interface ExpectedVersions {
  readonly groups: ReadonlyMap<string, number>
  readonly limiters: ReadonlyMap<string, number>
}

/** A delivery held under a lease. */
export interface ClaimedDelivery {
  readonly delivery: DeliveryRow
  readonly leaseToken: string
  /** An attempt was made before, or begun by one who did not live to tell. */
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
  /** Name or key. */
  readonly destination?: string
  readonly alertId?: string
  /** Only those of whose alerts no delivery has a reason that begins so. */
  readonly unlessBeside?: string
  readonly limit: number
}

export interface Store {
  /** Where it is, for messages; never holds a password. */
  readonly location: string
  cursor(source: string): Promise<string | null>
  read(keys: ReadKeys): Promise<ReadState>
  commit(plan: CommitPlan, expected: ExpectedVersions): Promise<'ok' | 'conflict'>

  /** Due deliveries of the destinations named, earliest due first, leased for `leaseMs` by the store's clock. */
  claim(request: {
    destinationKeys: readonly string[]
    limit: number
    leaseMs: number
  }): Promise<readonly ClaimedDelivery[]>
  /** Compare-and-set on the lease: false when the lease was lost, and then nothing changed. */
  recordOutcome(id: string, leaseToken: string, outcome: DeliveryOutcome): Promise<boolean>
  /** When `claim` next has something for these destinations: a due date or the end of a lease; null when never. */
  nextDue(destinationKeys: readonly string[]): Promise<number | null>
  /**
   * Marks deliveries of unknown destinations orphaned, and adopts those whose key was a previous name (orphans
   * among them become pending). One being sent under a living lease is left for the next call.
   */
  reconcile(registry: {
    knownKeys: readonly string[]
    renames: readonly { from: string; to: string; name: string }[]
  }): Promise<{ orphaned: number; adopted: number }>
  /** dead or orphaned (or waiting: due at once) -> pending, attempts from 0, age from now. Returns how many. */
  retry(selection: { ids: readonly string[] } | DeliveryFilter): Promise<number>
  /**
   * Brings what is due later nearer: the clock was set back by as much. With 0, only what no clock of now can have
   * made: new deliveries that are due later, and waits longer than an hour.
   */
  shiftDueDates(ms: number): Promise<void>

  destinationState(key: string): Promise<Versioned<DestinationState>>
  /** Compare-and-set; version 0 = no row yet. */
  setDestinationState(key: string, state: DestinationState, expectedVersion: number): Promise<boolean>
  /** True for exactly one caller per (job, slot). */
  claimSlot(job: string, slot: string): Promise<boolean>

  alerts(filter: AlertFilter): Promise<readonly AlertRow[]>
  alert(id: string): Promise<AlertRow | null>
  deliveries(filter: DeliveryFilter): Promise<readonly DeliveryRow[]>
  attempts(deliveryId: string): Promise<readonly Attempt[]>
  /** Of these states; of all when absent, which reads every delivery there ever was. */
  countDeliveries(states?: readonly DeliveryState[]): Promise<Readonly<Record<DeliveryState, number>>>
  backlog(): Promise<readonly Backlog[]>
  /** In the order of their numbers. */
  signals(filter: SignalFilter): Promise<readonly StoredSignal[]>
  /** The number of the latest signal, 0 where there is none. */
  latestSignal(): Promise<number>
  kv(keys: readonly string[]): Promise<ReadonlyMap<string, JsonText>>

  /**
   * Takes the one location of a daemon on this store; a UserError names the holder when it is taken.
   * What a dead predecessor had claimed is in reach of `claim` at once.
   */
  acquireInstanceLock(holder: string): Promise<void>
  /** Rejects with a UserError when the store's file was removed or replaced; each write makes sure by itself. */
  check(): Promise<void>
  close(): Promise<void>
}

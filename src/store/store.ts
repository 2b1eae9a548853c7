/**
 * The contract of a store: asynchronous, without interactive transactions. The one function that a store calls, the change
 * of a destination's state, is pure and does not wait.
 * `read` returns state with versions, a pure decision makes a plan, `commit` writes all of it or reports a conflict.
 */

import type { JsonText } from '../core/exact-json.ts'
import type { ClaimedDelivery, ClaimedEscalation } from './claimed-rows.ts'
import type {
  AlertRow,
  AppliedPlan,
  CommitAnswer,
  CommitPlan,
  ExpectedVersions,
  HeldCursor,
  ReadKeys,
  ReadState,
  SignalRow,
  Versioned,
} from './commit-plan.ts'
import type { DeliveryFilter } from './delivery-filter.ts'
import type { AlertFilter, AlertPage, AlertQuery } from './rows/alert-pages.ts'
import type { AuditFilter, AuditRow, NewAudit, RetriedBy } from './rows/audit-rows.ts'
import type {
  Attempt,
  Backlog,
  ChangedDestination,
  DeliveryCounts,
  DeliveryOutcome,
  DeliveryRow,
  DeliveryState,
  DestinationState,
  Duty,
  DutyRequest,
  SendLimits,
  UpdateSubscription,
} from './rows/delivery-rows.ts'
import type { EscalationRow } from './rows/escalation-rows.ts'
import type { HandlingRecord, SilenceFilter, SilenceHits, StoredSilence } from './rows/handling-rows.ts'
import type { MemberRow, StoreMember } from './rows/member-rows.ts'
import type {
  PartitionClaim,
  PartitionExtension,
  PartitionLease,
  PartitionRow,
  SourceReader,
  SourceShare,
} from './rows/partition-rows.ts'
import type { Removals } from './rows/removal-rows.ts'

export * from './claimed-rows.ts'
export * from './commit-plan.ts'
export * from './delivery-filter.ts'
export * from './rows/alert-pages.ts'
export * from './rows/audit-rows.ts'
export * from './rows/delivery-rows.ts'
export * from './rows/escalation-rows.ts'
export * from './rows/handling-rows.ts'
export * from './rows/member-rows.ts'
export * from './rows/partition-rows.ts'
export * from './rows/removal-rows.ts'
export {
  FAILURE_THRESHOLD,
  isThrottleInForce,
  MAX_PROVIDER_HOLD_MS,
  PROBE_INTERVAL_MS,
} from './rows/send-permit.ts'

/**
 * The place of a signal in the order of commits. Positions are compared as texts, and none is used twice. A signal whose
 * commit ends later has a higher position than the horizon has had before, whichever number it has.
 */
export type SignalPosition = string

export interface StoredSignal extends SignalRow {
  /** It says nothing about the order: a number can be given long before its commit ends. */
  readonly id: number
  readonly position: SignalPosition
}

export interface SignalFilter {
  /** If absent, signals of all detections. */
  readonly detections?: readonly string[]
  /** Signals at this position and before it are left out. */
  readonly after?: SignalPosition
  /** Signals behind this position are left out. */
  readonly upTo?: SignalPosition
  /** Signals whose event happened outside of this range are left out. The range includes both ends. */
  readonly happened?: { readonly from: number; readonly to: number }
  /** If there are more than the limit, the latest instead of the first. */
  readonly latest?: boolean
  readonly limit: number
}

export interface KvItem {
  readonly value: JsonText
  /** No two writes of a key make the same version. */
  readonly version: string
}

export interface Store {
  /** The location of the store, for messages. It never contains a password. */
  readonly location: string
  /** True if the store measures time by itself. A clock of a host that is wrong or is set then moves no date. */
  readonly ownClock: boolean
  /** True if daemons of several hosts can be members, at the same time or one after the other. */
  readonly isShared: boolean
  /** The time of the store in epoch ms, which every decision about its rows uses. It is that of the host without an own clock. */
  now(): number
  cursor(source: string): Promise<string | null>
  /** Makes the caller the owner of the source's cursor. From here on every commit of a previous owner is `fenced`. */
  take(source: string): Promise<HeldCursor>
  read(keys: Partial<ReadKeys>): Promise<ReadState>
  /** Resolves when the plan is on disk. */
  commit(plan: CommitPlan, expected: ExpectedVersions): Promise<CommitAnswer>
  /** Resolves when the plan is written, so that the next decision can read it before the disk has it. */
  apply(plan: CommitPlan, expected: ExpectedVersions): Promise<AppliedPlan>
  /** Resolves when everything that a read can see is on disk. */
  durable(): Promise<void>

  /**
   * Takes partitions that no member holds under a lease that runs, as `take` does, in the order of the names and at most
   * `limit`. After the end of a lease its owner can still commit until another member has claimed the partition.
   */
  claimPartitions(claim: PartitionClaim): Promise<readonly HeldCursor[]>
  /**
   * The leases run for `leaseMs` from now; false where another member has taken the partition. The versions of the cursors
   * stay, so that an extension never fences a commit of its own run.
   */
  extendPartitions(leases: readonly PartitionExtension[], leaseMs: number): Promise<readonly boolean[]>
  /** Ends the leases. From here on every commit of their owners is `fenced`. Partitions of other owners stay theirs. */
  giveBackPartitions(leases: readonly PartitionLease[]): Promise<void>
  /**
   * Registers a daemon that reads a source, so that the daemons can share its partitions. A registration is no right to
   * anything: it only says how many daemons there are to share.
   */
  registerReader(reader: SourceReader): Promise<SourceShare>
  /**
   * Gives back partitions that no member needs to read again. Their rows are removed 15 days after the last call, so a
   * name that is claimed until then still has its cursor.
   */
  finishPartitions(leases: readonly PartitionLease[]): Promise<void>
  /** The partitions that were claimed and are not finished, in the order of the names. */
  partitions(): Promise<readonly PartitionRow[]>

  /** What each of the destinations has to send, in their order. */
  duties(destinations: readonly DutyRequest[]): Promise<readonly Duty[]>
  /**
   * Leases due deliveries of these destinations for `leaseMs` by the store's clock, earliest first. With `within` there is
   * one destination: as many are leased as its limits and its state allow for all daemons together, its tokens are taken,
   * and its next probe is scheduled, all in one transaction.
   */
  claim(request: {
    destinationKeys: readonly string[]
    limit: number
    leaseMs: number
    within?: SendLimits
  }): Promise<readonly ClaimedDelivery[]>
  /** Wakes the delivery of the other daemons. It is a hint: each of them looks from time to time anyway. */
  announceWork(): Promise<void>
  /** Records the outcome by compare-and-set on the lease: false if the lease was lost, and then nothing changed. */
  recordOutcome(id: string, leaseToken: string, outcome: DeliveryOutcome): Promise<boolean>
  /**
   * Marks deliveries orphaned whose destination no member knows any more, and adopts those whose key was a previous name
   * and is known to no member (orphans among them become pending). A member knows the destinations of its last call. A
   * delivery that is being sent under a valid lease is left for the next call. If a member has declared a newer project,
   * the call does neither. A call changes a bounded number of deliveries.
   */
  reconcile(registry: {
    knownKeys: readonly string[]
    renames: readonly { from: string; to: string; name: string }[]
    /**
     * They replace those of the member's previous call; absent: no destination gets updates. If several members know a
     * destination, those of the newest project apply.
     */
    subscriptions?: readonly UpdateSubscription[]
    /** The hash of the caller's project. A hash that the store does not know is the newest. */
    generation?: string
    /**
     * Deliveries are orphaned if calls have found their destination unknown for so long; the default is 0. A store that is
     * not shared has one member, so it does not wait.
     */
    orphanAfterMs?: number
  }): Promise<{
    readonly orphaned: number
    readonly adopted: number
    /** False if a member has declared a newer project. */
    readonly isNewest: boolean
    /** The call has reached its bound, so the caller makes it again. */
    readonly hasMore: boolean
  }>
  /** Sets dead, orphaned or waiting deliveries to pending and due now, with no attempts and no age. Returns how many. `by` writes the audit; nothing is retried for a request that the audit has already. */
  retry(
    selection:
      | { readonly ids: readonly string[]; readonly states?: readonly DeliveryState[] }
      | DeliveryFilter,
    by?: RetriedBy,
  ): Promise<number>
  /** Makes the digests of a destination that wait for their time due now. Returns how many. */
  flushDigests(destination: string): Promise<number>
  /**
   * Moves due dates back by as much as the clock was set back. With 0 it moves only those that the present clock cannot
   * have made: new deliveries that are due later, and waits longer than an hour. A store with an own clock does nothing.
   */
  shiftDueDates(ms: number): Promise<void>

  /** Leases rows of escalations that are due for `leaseMs` by the store's clock, the earliest first. */
  claimEscalations(request: {
    readonly limit: number
    readonly leaseMs: number
  }): Promise<readonly ClaimedEscalation[]>
  escalations(alertId: string): Promise<readonly EscalationRow[]>
  /** The number of steps that wait for their time. */
  countWaitingSteps(): Promise<number>

  /** Its version rises with each write, which can hold several changes; 0 means that there is no row yet. */
  destinationState(key: string): Promise<Versioned<DestinationState>>
  /**
   * Applies a change to the present state, whatever others change at the same time: each change gets the state that the one
   * before it has made. Only the caller that made a change gets the states before and after it. If the change returns what
   * it got, nothing is written. The change may run more than once. `audit` makes the row of the audit that is written in
   * the same transaction; null: none.
   */
  changeDestinationState(
    key: string,
    change: (state: DestinationState) => DestinationState,
    audit?: (states: ChangedDestination) => NewAudit | null,
  ): Promise<ChangedDestination>

  alerts(filter: AlertFilter): Promise<readonly AlertRow[]>
  /** Lists alerts by filters, the newest first, without their notifications. */
  findAlerts(query: AlertQuery): Promise<AlertPage>
  /**
   * Adds the texts of at most so many alerts to the index that makes searches quick, and returns of how many. Searches find
   * an alert from its commit on, also before its texts are indexed.
   */
  indexTexts(limit: number): Promise<number>
  alert(id: string): Promise<AlertRow | null>
  /** The decisions about an alert after its route, the earliest first; empty: no rule of handling existed. */
  handling(alertId: string): Promise<readonly HandlingRecord[]>
  /** The silences of the store in the order of their creation. */
  silences(filter: SilenceFilter): Promise<readonly StoredSilence[]>
  /** What each silence has hidden, those of the files included. A silence without a hit is missing. */
  silenceHits(): Promise<readonly SilenceHits[]>
  audit(filter: AuditFilter): Promise<readonly AuditRow[]>
  deliveries(filter: DeliveryFilter): Promise<readonly DeliveryRow[]>
  attempts(deliveryId: string): Promise<readonly Attempt[]>
  /** Counts deliveries of these states. Without states it counts all, which reads every delivery of the store. */
  countDeliveries(states?: readonly DeliveryState[]): Promise<DeliveryCounts>
  backlog(): Promise<readonly Backlog[]>
  /** Signals in the order of their positions. */
  signals(filter: SignalFilter): Promise<readonly StoredSignal[]>
  /**
   * The position up to which the order is complete: no signal gets a position up to it any more, also if its commit is
   * under way. A reader that reads up to the horizon, and next time from there, sees every signal once.
   */
  signalHorizon(): Promise<SignalPosition>
  kv(keys: readonly string[]): Promise<ReadonlyMap<string, KvItem>>
  readonly removals: Removals

  /**
   * Makes the caller a member until it closes the store. A shared store has any number of members. What a member has
   * claimed, deliveries and partitions, stays its own until the leases end, also if others join. A member whose row ran out, for
   * example because its process was stopped, is a member again with its next heartbeat: versions, owners of cursors and
   * leases decide what it may write.
   *
   * A store that is not shared has one member: the call rejects with a UserError that names the present one. Where it
   * succeeds, the previous one has ended, so what it had claimed can be claimed again immediately, and its files are those of
   * the new member's host, whatever id that has.
   */
  join(member: StoreMember): Promise<void>
  /** The members whose leases run, the oldest first. The caller is missing if its lease ran out. */
  members(): Promise<readonly MemberRow[]>
  /** Rejects with a UserError if the file of the store was removed or replaced. Every write checks this, too. */
  check(): Promise<void>
  close(): Promise<void>
}

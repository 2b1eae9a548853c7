/** The contract of a source of events. Each scheme has one file, whose name is the scheme. */
import type { Envelope, EventKind, Settlement } from '../model/events/event.ts'
import type { Clock, HttpIngress, Log, Secrets } from '../model/ports.ts'

/** The parsed text of `--from SCHEME:TARGET?query`. */
export interface SourceSpec {
  /** The value of `?name=`, else `address`. */
  readonly name: string
  /** The text without the query. */
  readonly address: string
  readonly scheme: string
  /** The text between `scheme:` and `?`. */
  readonly target: string
  readonly kind: EventKind
  /** The value of `?logType=` or `?type=`; null when each event has its own type. */
  readonly type: string | null
  /** The path to the events of a container, for example `?unwrap=detail.Records`. */
  readonly unwrap: string | null
  readonly timeField: string | null
  /** The other query keys; a source rejects those that it does not know. */
  readonly options: Readonly<Record<string, string>>
}

/** An event from framing; the daemon adds the other fields of the envelope. */
export type FramedEvent = Pick<
  Envelope,
  'raw' | 'position' | 'origin' | 'refused' | 'dedupId' | 'dedupByRowId'
>

export interface EmitOptions {
  /** The position after the last event of the batch, which is committed with its effects. Without it the cursor stays. */
  readonly cursor?: string | null
  /**
   * A source that does not resume can emit in several lanes: only batches of one lane keep their order, so a lane does not
   * wait for the commits of the others.
   */
  readonly lane?: number
}

export interface SourceContext {
  /** The last committed cursor, or null at the first start. */
  readonly cursor: string | null
  /**
   * Commits the cursor after everything emitted before, so that no later event is missed when the process ends. A source
   * without a cursor passes null. A source calls this at its start and when it starts reading at a new position,
   * because the first event may come much later.
   */
  commitCursor(cursor: string | null): Promise<void>
  /**
   * Emits events in order. The promise resolves when their effects are committed; before that the source must not
   * acknowledge them. Several batches may be in flight; unresolved promises are the back-pressure.
   */
  emit(batch: readonly FramedEvent[], options?: EmitOptions): Promise<readonly Settlement[]>
  /** The daemon aborts this signal when it drains: stop reading, let events in flight settle, then return. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
  readonly partitions: OnDemandPartitions
  readonly ingress: HttpIngress
  readonly stdin: NodeJS.ReadableStream
  /** The maximum bytes of one event and of one HTTP body. */
  readonly limits: { readonly eventBytes: number; readonly bodyBytes: number }
}

export interface Source {
  /** True when the source ends by itself (a whole file, stdin): `run` then drains and exits. */
  readonly ends: boolean
  /**
   * True when a run continues from the committed cursor. Every commit then belongs to the run that took the source last:
   * the batches of an earlier run are neither counted nor acknowledged any more.
   */
  readonly resumes: boolean
  /**
   * Runs until the end of the input or the abort, and leaves nothing in flight. It rejects with a UserError when the
   * input cannot be read at all; after any other failure the daemon runs it again from the committed cursor.
   */
  run(context: SourceContext): Promise<void>
}

/** A partition that is held under a lease while it is read. */
export interface LeasedPartition extends Pick<SourceContext, 'cursor' | 'commitCursor' | 'emit' | 'signal'> {
  /** The name of its cursor in the store. */
  readonly name: string
}

export interface PartitionResult {
  /** `done`: no daemon needs to read it again. The cursor says so, too, because this is recorded after its commit. */
  readonly status: 'done' | 'open'
  /** The reason for which it is not read until an operator acts. */
  readonly problem?: string
}

/** Partitions that a source learns of while it runs, for example the objects that the messages of a queue name. */
export interface OnDemandPartitions {
  /** The length of a lease: after this time a partition of a daemon that was killed is free. */
  readonly leaseMs: number
  /**
   * Reads a partition while this daemon holds its lease. Its signal aborts when the daemon drains, or when the lease is
   * lost; nothing may be in flight when `read` resolves. Resolves with `held` if another reader has the partition.
   * @param partition its name in the store, which all sources share.
   */
  read(
    partition: string,
    read: (leased: LeasedPartition) => Promise<PartitionResult>,
  ): Promise<PartitionResult['status'] | 'held'>
  /** Raises a system alert about partitions that are not read. */
  reportProblem(subject: string, problem: PartitionProblem): Promise<void>
}

/** The context in which a source of partitions talks to its broker. */
export interface BrokerContext {
  /** Replaces references such as `${env:NATS_TOKEN}` in options. It reads files again at each call. */
  readonly reveal: Secrets['reveal']
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
}

/** The reason for which a partition cannot be read on without an operator. */
export interface PartitionProblem {
  readonly code: 'undecodable' | 'forbidden' | 'unreadable'
  /** A sentence for the operator. It contains no secret and no unescaped text of the broker. */
  readonly message: string
  /** The position, for people. */
  readonly at: string
}

/** Events that the broker does not have any more. */
export interface LostEvents {
  /** `expired`: they were older than what the broker keeps. `recreated`: the log of the cursor is another one now. */
  readonly code: 'expired' | 'recreated'
  readonly message: string
}

/** Space for raw text that was reserved. */
export interface TextReservation {
  /** Moves bytes into a new reservation. Those that are missing are added, even beyond the limit: the text is there already. */
  take(bytes: number): TextReservation
  /** Frees what is left of it. */
  release(): void
}

/** Limits the bytes of raw text that all partitions of a daemon have in flight. */
export interface TextBudget {
  /** Resolves in the order of the calls. What exceeds the whole limit is granted alone. After an abort nothing is reserved. */
  reserve(bytes: number, signal: AbortSignal): Promise<TextReservation>
}

export interface PartitionContext
  extends BrokerContext,
    Pick<SourceContext, 'cursor' | 'commitCursor' | 'emit' | 'limits'> {
  /** The name of the partition in the store, for `FramedEvent.origin` and for messages. */
  readonly name: string
  /**
   * The space for raw text that all partitions share. A source reserves space before it asks the broker for a backlog;
   * otherwise `EmitWindow` reserves it for each batch.
   */
  readonly inFlight: TextBudget
  /** The partition was read to its present end. */
  caughtUp(): void
  /** Counts messages that are no events, for example tombstones. */
  recordPassed(count: number): void
  /** Says how many messages of the partition the broker has behind the last one that was read. `caughtUp` sets it to 0. */
  setLag(messages: number): void
  /** Stops the partition; the others go on. It is tried again every minute. */
  stop(problem: PartitionProblem): never
  /** Raises a system alert. Resolves when it is stored, and only then may the source read on at another position. */
  reportLoss(loss: LostEvents): Promise<void>
}

/**
 * A source whose partitions are read side by side. Each has a cursor of its own, and is read by the daemon that holds its
 * lease, so that several daemons can share the partitions.
 */
export interface PartitionedSource {
  readonly ends: false
  /**
   * The name of the source in the store. It contains no address, because the brokers of a cluster can change. The cursor
   * of a partition has this name, a # and the name of the partition.
   */
  readonly storedName: string
  /**
   * Lists all partitions. Their names are stable. It is called at the start and every 30 seconds. Rejects with a UserError
   * if an operator must act, for example when the broker refuses the sign-in.
   */
  list(context: BrokerContext): Promise<readonly string[]>
  /**
   * Reads a partition on from the cursor until the abort, and leaves nothing in flight. The daemon reads it again from the
   * committed cursor after any rejection, also after that of an `emit` whose partition was taken by another member.
   */
  run(partition: string, context: PartitionContext): Promise<void>
  /** Closes the connections. */
  close(): Promise<void>
}

export interface SourceType {
  readonly scheme: string
  /** The line for `--help`. */
  readonly summary: string
  /**
   * Returns the cursor behind a message whose position a person named. Throws a UserError if that is no position behind the
   * present cursor. Only sources of partitions have it.
   */
  readonly cursorBehind?: (position: string, present: string) => string
  /** Throws a UserError for an invalid target or option. */
  open(spec: SourceSpec): Source | PartitionedSource
}

/** Types of the rows of partitions. Times are epoch milliseconds. */
import type { HeldCursor } from '../commit-plan.ts'

/** A partition of a source as the store knows it. */
export interface PartitionRow {
  /** The name of the cursor, for example `kafka:audit#3`. */
  readonly source: string
  /** null if no cursor was committed yet. */
  readonly cursor: string | null
  /** The daemon that holds or held it last; null if it was given back. */
  readonly member: string | null
  /** The end of the lease; null if the partition was given back. */
  readonly leaseUntil: number | null
  /** The reason for which the partition is not read; null if there is none. */
  readonly problem: string | null
  /** How many messages its reader had not read yet when it extended the lease last; null: unknown. */
  readonly lag: number | null
  /** Everything that the broker had by this time is committed; null: it is not known. */
  readonly caughtUpAt: number | null
}

export interface PartitionClaim {
  /** The names of the cursors, in the order in which they are wanted. A name that the store does not know is added. */
  readonly sources: readonly string[]
  readonly limit: number
  /** The length of the lease, which the store's clock measures. */
  readonly leaseMs: number
  /** The name of the daemon, for people. */
  readonly member: string
}

/** A daemon that reads a source, and so takes a share of its partitions. */
export interface SourceReader {
  /** The name of the source in the store, for example `kafka:audit`. */
  readonly source: string
  /** A random id of the daemon. */
  readonly reader: string
  /** The registration runs out after this time; 0 ends it. */
  readonly ttlMs: number
  /** The names of the cursors of all partitions that the source has. */
  readonly partitions: readonly string[]
}

/** What a reader needs to know for its share. */
export interface SourceShare {
  /** How many daemons are registered for the source, the caller included. */
  readonly readers: number
  /** Those of the partitions that are held under a lease that runs. */
  readonly held: readonly string[]
}

/** A lease is known by its owner: the version of the cursor grows with its commits. */
export type PartitionLease = Pick<HeldCursor, 'source' | 'owner'>

export interface PartitionExtension extends PartitionLease {
  /** Replaces the problem of the row. */
  readonly problem: string | null
  /** Replaces the lag of the row. */
  readonly lag: number | null
  /** How long ago the broker had nothing that is not committed now; null or absent: what the row says stays. */
  readonly caughtUpAgoMs?: number | null
}

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

/** A lease is known by its owner: the version of the cursor grows with its commits. */
export type PartitionLease = Pick<HeldCursor, 'source' | 'owner'>

export interface PartitionExtension extends PartitionLease {
  /** Replaces the problem of the row. */
  readonly problem: string | null
}

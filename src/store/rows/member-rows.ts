/** Types of the members of a store: the daemons that use it. Times are epoch milliseconds. */

/** A daemon that uses the store. */
export interface StoreMember {
  /** The name for messages, for example its command. */
  readonly name: string
  /** The cursors of its files are named `file:HOST:PATH`. It contains no colon. */
  readonly hostId: string
  /** The version of its Signalbox; the default is the empty text. */
  readonly version?: string
  /** The stored names of the sources with partitions that it reads, for example `kafka:audit`; the default is none. */
  readonly sources?: readonly string[]
}

/** A member whose lease runs. */
export interface MemberRow {
  /** A random id of this process. */
  readonly id: string
  readonly name: string
  /** The name of its machine. */
  readonly host: string
  readonly hostId: string
  readonly pid: number
  readonly version: string
  readonly sources: readonly string[]
  readonly since: number
  /** The end of its lease, if it extends it no more; null: it is a member until its process ends. */
  readonly until: number | null
  /** The number of its project. A project that was declared later has a higher one; 0: it has declared none yet. */
  readonly generation: number
  /** True if this store was opened by the member. */
  readonly isSelf: boolean
}

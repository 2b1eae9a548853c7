/** Up to which time the absence of events can be evaluated: a partition that is behind still has events of before. Pure. */

/** No rule waits longer for a partition. */
const MAX_WAIT_MS = 3_600_000

/** A partition of a source. Times are epoch milliseconds. */
interface ReadPartition {
  readonly source: string
  /** The end of the lease of the daemon that reads it. */
  readonly leaseUntil: number | null
  /** Everything that the broker had by this time is stored; null: it is not known. */
  readonly caughtUpAt: number | null
  /** How many messages are not read; null: it is not known. */
  readonly lag: number | null
}

interface AbsenceLimit {
  readonly until: number
  /** The partitions that are behind by more than the longest wait. */
  readonly late: readonly string[]
}

/** A partition that no daemon has read for so long is not waited for: its source was removed. */
export function absenceLimit(partitions: readonly ReadPartition[], now: number): AbsenceLimit {
  const earliest = now - MAX_WAIT_MS
  let until = now
  const late: string[] = []
  for (const { source, leaseUntil, caughtUpAt, lag } of partitions) {
    // Not every source says how far it has read.
    if (caughtUpAt === null && !lag) continue
    if (caughtUpAt !== null && caughtUpAt >= earliest) until = Math.min(until, caughtUpAt)
    else if ((leaseUntil ?? 0) > now) late.push(source)
  }
  return { until: late.length > 0 ? earliest : until, late }
}

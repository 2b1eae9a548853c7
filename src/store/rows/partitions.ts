/** Partitions: cursors that are held under a lease. An extension changes neither the owner nor the version. */
import type { Driver } from '../driver.ts'
import type { HeldCursor } from '../store.ts'
import { takeCursor } from './cursors.ts'
import type { PartitionClaim, PartitionExtension, PartitionLease, PartitionRow } from './partition-rows.ts'

const HELD = 'SELECT 1 FROM source_cursor WHERE source = :source AND lease_until > :now'
const LEASE =
  'UPDATE source_cursor SET member = :member, lease_until = :until, problem = NULL WHERE source = :source'

export function claimPartitions(
  driver: Driver,
  { sources, limit, leaseMs, member }: PartitionClaim,
  now: number,
): readonly HeldCursor[] {
  const claimed: HeldCursor[] = []
  for (const source of new Set(sources)) {
    if (claimed.length >= limit) break
    if (driver.prepare(HELD).get({ source, now }) !== undefined) continue
    claimed.push(takeCursor(driver, source))
    driver.prepare(LEASE).run({ source, member, until: now + leaseMs })
  }
  return claimed
}

/** A lease that ran out can still be extended if no other member took the partition. */
export function extendPartitions(
  driver: Driver,
  leases: readonly PartitionExtension[],
  leaseMs: number,
  now: number,
): readonly boolean[] {
  const extend = driver.prepare(`
    UPDATE source_cursor SET lease_until = :until, problem = :problem, lag = :lag,
      caught_up_at = coalesce(:caughtUpAt, caught_up_at)
    WHERE source = :source AND owner = :owner`)
  return leases.map(({ source, owner, problem, lag, caughtUpAgoMs = null }) => {
    const caughtUpAt = caughtUpAgoMs === null ? null : Math.floor(now - caughtUpAgoMs)
    return extend.run({ source, owner, problem, lag, caughtUpAt, until: now + leaseMs }) > 0
  })
}

/** The version is raised and the owner removed, so that a commit that comes too late is `fenced`. The lease ends at 0. */
export function giveBackPartitions(driver: Driver, leases: readonly PartitionLease[]): void {
  const giveBack = driver.prepare(`
    UPDATE source_cursor SET member = NULL, lease_until = 0, owner = '', version = version + 1
    WHERE source = :source AND owner = :owner`)
  for (const { source, owner } of leases) giveBack.run({ source, owner })
}

/** Those of the partitions that are held under a lease that runs. */
export function heldPartitions(driver: Driver, sources: readonly string[], now: number): readonly string[] {
  const held = driver.prepare(HELD)
  return sources.filter((source) => held.get({ source, now }) !== undefined)
}

/** A finished partition has no lease, until it is claimed again. */
export function finishPartitions(driver: Driver, leases: readonly PartitionLease[], now: number): void {
  const finish = driver.prepare(`
    UPDATE source_cursor
    SET member = NULL, lease_until = NULL, problem = NULL, lag = NULL, owner = '', version = version + 1,
      done_at = :now
    WHERE source = :source AND owner = :owner`)
  for (const { source, owner } of leases) finish.run({ source, owner, now })
}

/** Rows without a lease are finished, or are the cursors of other sources. */
export function listPartitions(driver: Driver): readonly PartitionRow[] {
  const sql = `
    SELECT source, cursor, member, NULLIF(lease_until, 0) AS leaseUntil, problem, lag, caught_up_at AS caughtUpAt
    FROM source_cursor
    WHERE lease_until IS NOT NULL ORDER BY source`
  return driver.prepare<PartitionRow>(sql).all()
}

/** Hands out what is due under a lease. Two partial indexes answer it, however many deliveries wait. */
import { randomUUID } from 'node:crypto'
import type { Driver } from '../driver.ts'
import type { ClaimedDelivery } from '../store.ts'
import { alertsOf } from './alerts.ts'
import { DELIVERY_COLUMNS, type StoredDelivery, toDelivery } from './deliveries.ts'

interface Candidate {
  readonly seq: number
  readonly due: number
  /** 1 where somebody may have tried already. */
  readonly repeated: number
}

/** Also what is older than the daemon: its predecessor may have sent it, and a power cut taken the lease away. */
const TRIED = `created_at < coalesce((SELECT since FROM holder), 0)
    OR EXISTS (SELECT 1 FROM attempt WHERE delivery_id = delivery.id)`

const DUE = `
  SELECT seq, due, ${TRIED} AS repeated FROM delivery
  WHERE destination_key = :key AND state IN ('pending', 'waiting') AND due <= :now
  ORDER BY due, seq LIMIT :limit`

const LEASE_RAN_OUT = `
  SELECT seq, due, 1 AS repeated FROM delivery
  WHERE destination_key = :key AND state = 'sending' AND lease_until <= :now
  ORDER BY due, seq LIMIT :limit`

const SOMETHING_DUE = `
  SELECT 1 FROM delivery
  WHERE destination_key = :key AND ((state IN ('pending', 'waiting') AND due <= :now)
    OR (state = 'sending' AND lease_until <= :now)) LIMIT 1`

/** Spares a transaction to those who ask in vain. */
export function isAnythingDue(driver: Driver, { destinationKeys }: ClaimRequest, now: number): boolean {
  return destinationKeys.some((key) => driver.prepare(SOMETHING_DUE).get({ key, now }) !== undefined)
}

const LEASE = `
  UPDATE delivery SET state = 'sending', lease_token = :token, lease_until = :until WHERE seq = :seq
  RETURNING ${DELIVERY_COLUMNS}`

interface ClaimRequest {
  readonly destinationKeys: readonly string[]
  readonly limit: number
  readonly leaseMs: number
}

export function claimDue(driver: Driver, request: ClaimRequest, now: number): ClaimedDelivery[] {
  // One key at a time: a seek per destination, so that a backlog of one that is not asked for costs nothing.
  const candidates = [...new Set(request.destinationKeys)].flatMap((key) =>
    [DUE, LEASE_RAN_OUT].flatMap((sql) =>
      driver.prepare<Candidate>(sql).all({ key, now, limit: request.limit }),
    ),
  )
  return candidates
    .sort((a, b) => a.due - b.due || a.seq - b.seq)
    .slice(0, request.limit)
    .map((candidate) => lease(driver, candidate, now + request.leaseMs))
}

function lease(driver: Driver, { seq, repeated }: Candidate, until: number): ClaimedDelivery {
  const leaseToken = randomUUID()
  const delivery = toDelivery(driver.prepare<StoredDelivery>(LEASE).get({ seq, token: leaseToken, until })!)
  return { delivery, leaseToken, repeated: repeated === 1, alerts: alertsOf(driver, delivery.id) }
}

const EARLIEST = `
  SELECT min(at) AS at FROM (
    SELECT min(due) AS at FROM delivery WHERE destination_key = :key AND state IN ('pending', 'waiting')
    UNION ALL
    SELECT min(lease_until) FROM delivery WHERE destination_key = :key AND state = 'sending')`

export function earliestDue(driver: Driver, destinationKeys: readonly string[]): number | null {
  const times = destinationKeys.flatMap(
    (key) => driver.prepare<{ at: number | null }>(EARLIEST).get({ key })?.at ?? [],
  )
  return times.length > 0 ? Math.min(...times) : null
}

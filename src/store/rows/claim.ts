/** Claims due deliveries under a lease. Two partial indexes find them, however many deliveries wait. */
import { randomUUID } from 'node:crypto'
import type { Driver } from '../driver.ts'
import type { ClaimedDelivery } from '../store.ts'
import { alertsOf } from './alerts.ts'
import { DELIVERY_COLUMNS, remoteReferenceOf, type StoredDelivery, toDelivery } from './deliveries.ts'

interface Candidate {
  readonly seq: number
  readonly due: number
  /** It is 1 if an attempt may have been made before. */
  readonly repeated: number
}

/** The outcome of an attempt was recorded. */
export const ATTEMPTED = 'EXISTS (SELECT 1 FROM attempt WHERE delivery_id = delivery.id)'

/** A delivery that is older than the daemon counts as tried: a predecessor may have sent it and lost the lease in a power cut. */
export const TRIED = `created_at < coalesce((SELECT since FROM holder), 0)
    OR ${ATTEMPTED}`

const DUE = `
  SELECT seq, due, ${TRIED} AS repeated FROM delivery
  WHERE destination_key = :key AND state IN ('pending', 'waiting') AND due <= :now
  ORDER BY due, seq LIMIT :limit`

const EXPIRED_LEASE = `
  SELECT seq, due, 1 AS repeated FROM delivery
  WHERE destination_key = :key AND state = 'sending' AND lease_until <= :now
  ORDER BY due, seq LIMIT :limit`

const LEASE = `
  UPDATE delivery SET state = 'sending', lease_token = :token, lease_until = :until WHERE seq = :seq
  RETURNING ${DELIVERY_COLUMNS}`

interface ClaimRequest {
  readonly destinationKeys: readonly string[]
  readonly limit: number
  readonly leaseMs: number
}

export function claimDue(driver: Driver, request: ClaimRequest, now: number): ClaimedDelivery[] {
  // Each key is a seek of its own, so that the backlog of other destinations costs nothing.
  const candidates = [...new Set(request.destinationKeys)].flatMap((key) =>
    [DUE, EXPIRED_LEASE].flatMap((sql) =>
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
  return {
    delivery,
    leaseToken,
    repeated: repeated === 1,
    alerts: alertsOf(driver, delivery.id),
    firstReference: delivery.updateOf === null ? null : remoteReferenceOf(driver, delivery.updateOf),
    isProbe: false,
  }
}

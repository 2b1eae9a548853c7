/** What destinations have to send now, and claims within their limits. */
import type { Driver } from '../driver.ts'
import {
  type ClaimedDelivery,
  type DestinationState,
  type Duty,
  type DutyRequest,
  type SendLimits,
  UNKNOWN_DESTINATION,
  type Versioned,
} from '../store.ts'
import { claimDue } from './claim.ts'
import { afterClaim, allowedSends, sendPermit } from './send-permit.ts'
import { versionedRows } from './versioned.ts'

export function readDestinationState(driver: Driver, key: string): Versioned<DestinationState> {
  const stored = versionedRows<DestinationState>(driver, 'destination_state').read(key)
  return stored ?? { value: UNKNOWN_DESTINATION, version: 0 }
}

const UNDER_WAY = `
  SELECT count(*) AS count FROM delivery WHERE destination_key = :key AND state = 'sending' AND lease_until > :now
    AND lease_token NOT IN (SELECT value FROM json_each(:answered))`

function countUnderWay(driver: Driver, key: string, { answered }: SendLimits, now: number): number {
  const values = { key, now, answered: JSON.stringify(answered) }
  return driver.prepare<{ count: number }>(UNDER_WAY).get(values)!.count
}

const COUNT_DUE = `
  SELECT count(*) AS count FROM (
    SELECT 1 FROM delivery
    WHERE destination_key = :key AND ((state IN ('pending', 'waiting') AND due <= :now)
      OR (state = 'sending' AND lease_until <= :now)) LIMIT :atMost)`

const LATER = `
  SELECT min(at) AS at FROM (
    SELECT min(due) AS at FROM delivery
    WHERE destination_key = :key AND state IN ('pending', 'waiting') AND due > :now
    UNION ALL
    SELECT min(lease_until) FROM delivery WHERE destination_key = :key AND state = 'sending' AND lease_until > :now)`

export function readDuty(driver: Driver, { key, ...limits }: DutyRequest, now: number): Duty {
  const { value: state } = readDestinationState(driver, key)
  const permit = sendPermit(state, limits.rateLimit, now)
  const allowed = allowedSends(permit, limits, countUnderWay(driver, key, limits, now))
  const atMost = limits.concurrency
  const due = driver.prepare<{ count: number }>(COUNT_DUE).get({ key, now, atMost })!.count
  const later = driver.prepare<{ at: number | null }>(LATER).get({ key, now })!.at
  const times = [
    ...(due > 0 && permit.retryAt > now ? [permit.retryAt] : []),
    ...(later === null ? [] : [Math.max(later, permit.retryAt)]),
  ]
  return {
    key,
    state,
    claimable: Math.min(due, allowed),
    nextAt: times.length > 0 ? Math.min(...times) : null,
  }
}

/** Claims for one destination as many deliveries as it allows. It must be called within a transaction. */
export function claimWithin(
  driver: Driver,
  key: string,
  limits: SendLimits,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
  now: number,
): ClaimedDelivery[] {
  const { value: state, version } = readDestinationState(driver, key)
  const permit = sendPermit(state, limits.rateLimit, now)
  const allowed = allowedSends(permit, limits, countUnderWay(driver, key, limits, now))
  if (allowed === 0) return []
  const claimed = claimDue(driver, { destinationKeys: [key], limit: Math.min(limit, allowed), leaseMs }, now)
  if (claimed.length === 0) return []
  const after = afterClaim(state, permit, limits, { count: claimed.length, now })
  if (after !== state)
    versionedRows<DestinationState>(driver, 'destination_state').write(key, after, version + 1)
  return claimed.map((each) => ({ ...each, isProbe: permit.isProbe }))
}

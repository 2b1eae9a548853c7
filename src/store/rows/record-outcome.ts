/** Records the outcome of a claimed delivery if its lease is still held. */

import type { Driver } from '../driver.ts'
import type { Attempt, DeliveryOutcome } from '../store.ts'
import { insertDelivery } from './deliveries.ts'
import { orderUpdates } from './update-order.ts'

const RECORD = `
  UPDATE delivery SET state = :state, lease_token = NULL, lease_until = NULL,
    due = coalesce(:due, due), attempts = attempts + :spent, paused_ms = paused_ms + :pausedMs,
    message = coalesce(:message, message), remote_reference = coalesce(:remoteReference, remote_reference)
  WHERE id = :id AND state = 'sending' AND lease_token = :leaseToken
  RETURNING coalesce(update_of, id) AS first`

/** Returns false if the lease was lost. An expired lease that no other daemon claimed is still valid. */
export function recordDeliveryOutcome(
  driver: Driver,
  id: string,
  leaseToken: string,
  outcome: DeliveryOutcome,
  now: number,
): boolean {
  const remoteReference = outcome.state === 'delivered' ? (outcome.remoteReference ?? null) : null
  const change = { id, leaseToken, remoteReference, ...changeOf(outcome) }
  const recorded = driver.prepare<{ first: string }>(RECORD).get(change)
  if (recorded === undefined) return false
  if (outcome.attempt) insertAttempt(driver, id, outcome.attempt)
  if (outcome.state === 'dead')
    for (const delivery of outcome.fallbackDeliveries) insertDelivery(driver, delivery)
  if (outcome.state !== 'waiting') orderUpdates(driver, recorded.first, now)
  return true
}

interface Change {
  readonly state: DeliveryOutcome['state']
  /** null keeps the present value, as for `message`. */
  readonly due: number | null
  readonly spent: number
  readonly pausedMs: number
  readonly message: string | null
}

function changeOf(outcome: DeliveryOutcome): Readonly<Record<keyof Change, string | number | null>> & Change {
  const { state, attempt } = outcome
  const message = attempt?.message ?? null
  switch (state) {
    case 'delivered':
      return { state, due: null, spent: 1, pausedMs: 0, message }
    case 'waiting': {
      const spent = outcome.spendsAttempt ? 1 : 0
      return { state, due: outcome.due, spent, pausedMs: outcome.pausedMs ?? 0, message }
    }
    case 'withdrawn':
      return { state, due: null, spent: 0, pausedMs: 0, message: outcome.reason }
    case 'dead':
      return { state, due: null, spent: attempt ? 1 : 0, pausedMs: 0, message: outcome.reason }
  }
}

const ATTEMPT = `
  INSERT INTO attempt (delivery_id, n, at, status, ms, outcome, message)
  SELECT :deliveryId, coalesce(max(n), 0) + 1, :at, :status, :ms, :outcome, :message
  FROM attempt WHERE delivery_id = :deliveryId`

function insertAttempt(driver: Driver, deliveryId: string, attempt: Omit<Attempt, 'n'>): void {
  const { at, status, ms, outcome, message } = attempt
  driver.prepare(ATTEMPT).run({ deliveryId, at, status, ms, outcome, message })
}

/** Writes down what became of a claimed delivery, if the claimant still holds its lease. */

import type { Driver } from '../driver.ts'
import type { Attempt, DeliveryOutcome } from '../store.ts'
import { insertDelivery } from './deliveries.ts'

const SETTLE = `
  UPDATE delivery SET state = :state, lease_token = NULL, lease_until = NULL,
    due = coalesce(:due, due), attempts = attempts + :spent, paused_ms = paused_ms + :pausedMs,
    message = coalesce(:message, message)
  WHERE id = :id AND state = 'sending' AND lease_token = :leaseToken`

/** False when the lease was lost. One that ran out but was not given to another still counts. */
export function recordDeliveryOutcome(
  driver: Driver,
  id: string,
  leaseToken: string,
  outcome: DeliveryOutcome,
): boolean {
  const settled = driver.prepare(SETTLE).run({ id, leaseToken, ...changeOf(outcome) })
  if (settled === 0) return false
  if (outcome.attempt) insertAttempt(driver, id, outcome.attempt)
  if (outcome.state === 'dead')
    for (const delivery of outcome.fallbackDeliveries) insertDelivery(driver, delivery)
  return true
}

interface Change {
  readonly state: DeliveryOutcome['state']
  /** null keeps what is there, as for `message`. */
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

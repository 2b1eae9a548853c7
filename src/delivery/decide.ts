/** Decides the outcome of a delivery after an attempt: delivered, waiting until a time, or dead with a reason. Pure. */
import { roundedDurationText } from '../core/duration-text.ts'
import type { RetryPolicy } from '../model/project/destination.ts'
import type { Attempt, DeliveryOutcome, DeliveryRow, NewDelivery } from '../store/store.ts'
import { backoffMs } from './backoff.ts'
import type { SendResult } from './send.ts'

export interface DecisionInput {
  readonly delivery: Pick<DeliveryRow, 'createdAt' | 'attempts' | 'pausedMs'>
  readonly retry: RetryPolicy
  readonly result: SendResult
  readonly startedAt: number
  readonly now: number
  /** The destination is paused (this result may just have paused it). */
  readonly paused: boolean
  /** The stop of the daemon ended the send, not the destination. */
  readonly interrupted: boolean
  /** The time of pauses that `pausedMs` does not include yet. */
  readonly creditMs: number
  readonly random: number
  readonly fallbackDeliveries: (reason: string) => readonly NewDelivery[]
}

export function decide(input: DecisionInput): DeliveryOutcome {
  const { result, retry, now, delivery } = input
  const attempt = describeAttempt(input)
  if (result.result === 'delivered') {
    const { remoteReference } = result
    return { state: 'delivered', attempt, ...(remoteReference !== undefined && { remoteReference }) }
  }

  const dead = (reason: string): DeliveryOutcome => {
    return { state: 'dead', attempt, reason, fallbackDeliveries: input.fallbackDeliveries(reason) }
  }
  const wait = (due: number, spendsAttempt: boolean): DeliveryOutcome => {
    return { state: 'waiting', due, spendsAttempt, pausedMs: input.creditMs, attempt }
  }

  if (result.result === 'refused' && result.scope === 'delivery') return dead(result.message)
  // A paused destination's deliveries are not claimed, so this one can be due now: it is sent first after the pause.
  if (input.paused || input.interrupted || result.result === 'refused') return wait(now, false)

  const expiresAt = delivery.createdAt + delivery.pausedMs + input.creditMs + retry.maxAgeMs
  if (now >= expiresAt)
    return dead(`not delivered in ${roundedDurationText(retry.maxAgeMs)}: ${result.message}`)
  if (result.retryAfterMs !== null) return wait(now + result.retryAfterMs, false)
  const attempts = delivery.attempts + 1
  if (retry.maxAttempts > 0 && attempts >= retry.maxAttempts) {
    return dead(`not delivered in ${attempts} attempts: ${result.message}`)
  }
  // The last attempt is made at the maximum age, so that the delivery dies neither early nor late.
  return wait(Math.min(now + backoffMs(delivery.attempts, input.random), expiresAt), true)
}

function describeAttempt({ result, startedAt, now }: DecisionInput): Omit<Attempt, 'n'> {
  const { status, message } = result
  return { at: startedAt, status, ms: now - startedAt, outcome: result.result, message }
}

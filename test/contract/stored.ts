/** The state of the store after an attempt, for the contract of destinations: state, time, message, history, pause. */
import { expect } from 'vitest'
import type { DeliveryHarness } from '../support/delivery.ts'
import { T0 } from '../support/store-rows.ts'

/** The first delay of a delivery if the random number is a half. */
const FIRST_WAIT_MS = 500

export interface Expected {
  readonly state: 'delivered' | 'waiting' | 'dead'
  readonly due: number
  readonly attempts: number
  readonly message: string | RegExp
  readonly paused?: boolean
}

export const delivered = (message: string | RegExp): Expected => {
  return { state: 'delivered', due: T0, attempts: 1, message }
}
export const dead = (message: string | RegExp): Expected => ({ ...delivered(message), state: 'dead' })
export const waiting = (message: string | RegExp, failedAt = T0): Expected => {
  return { state: 'waiting', due: failedAt + FIRST_WAIT_MS, attempts: 1, message }
}
/** Waits that the provider ordered, and pauses, do not count as attempts. */
export const heldUntil = (message: string | RegExp, due: number): Expected => {
  return { state: 'waiting', due, attempts: 0, message }
}
export const pausing = (message: string | RegExp): Expected => ({ ...heldUntil(message, T0), paused: true })

/** Checks the one delivery of this destination, and returns all that the store holds of it. */
export async function expectStored(
  harness: DeliveryHarness,
  name: string,
  expected: Expected,
): Promise<unknown> {
  const [row] = await harness.store.deliveries({ destination: name, limit: 1 })
  const { value: state } = await harness.store.destinationState(name)
  const history = await harness.store.attempts(row!.id)
  const { paused = false, message, ...rest } = expected
  expect({ name, ...row, paused: state.pausedAt !== null }).toMatchObject({ name, ...rest, paused })
  if (typeof message === 'string') expect(row!.message).toBe(message)
  else expect(row!.message).toMatch(message)
  expect(history.map(({ at, message }) => [at, message])).toEqual([[T0, row!.message]])
  return [row, history, state]
}

/** The metrics that were recorded, with their labels. */
export function measuring() {
  const measured: unknown[] = []
  const note = (...given: unknown[]) => void measured.push(given)
  return { measured, metrics: { count: note, observe: note } }
}

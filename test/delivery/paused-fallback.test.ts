/** A conflict with another transaction takes no alert from the fallback of a paused destination. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sendWaitingToFallback } from '../../src/delivery/fallback/paused-fallback.ts'
import type { Log } from '../../src/model/ports.ts'
import type { Store } from '../../src/store/store.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'

const ignore = () => undefined
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
let harness: DeliveryHarness
beforeEach(async () => {
  harness = await openDeliveryHarness()
})
afterEach(() => harness.close())

it('the next pass finds the deliveries whose commit conflicted', async () => {
  const { store, clock } = harness
  const [soc, inbox] = [destination('soc'), destination('inbox')]
  const declared = registry([soc, inbox], { fallback: ['inbox'] })
  await harness.send('alert-1', [soc])
  const pausedAt = clock.now()
  await store.changeDestinationState('soc', (state) => ({ ...state, pausedAt, pausedReason: '401' }))
  clock.advance(declared.fallbackAfterMs + 1)
  const busy: Store = Object.assign(Object.create(store), { commit: () => Promise.resolve('conflict') })
  const send = async (to: Store) => {
    const { value } = await store.destinationState('soc')
    return sendWaitingToFallback({ clock, log, store: to }, soc, declared, value)
  }
  expect(await send(busy)).toBe(0)
  expect(await send(store)).toBe(1)
  expect(await store.deliveries({ destination: 'inbox', limit: 9 })).toHaveLength(1)
})

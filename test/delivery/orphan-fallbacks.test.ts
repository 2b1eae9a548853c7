/** Alerts of orphaned deliveries go to the fallback, and an orphan is looked at again only if something has changed. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { OrphanFallbacks } from '../../src/delivery/fallback/orphan-fallbacks.ts'
import type { Store } from '../../src/store/store.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'

let harness: DeliveryHarness
/** How often orphans were read. */
let reads: number
/** How many commits the store answers with a conflict. */
let conflicts: number
let fallbacks: OrphanFallbacks
const [gone, inbox] = [destination('gone'), destination('inbox')]
const running = new AbortController().signal

beforeEach(async () => {
  harness = await openDeliveryHarness()
  reads = 0
  conflicts = 0
  const { store, clock } = harness
  const watched: Store = Object.assign(Object.create(store), {
    deliveries: (filter: Parameters<Store['deliveries']>[0]) => {
      reads++
      return store.deliveries(filter)
    },
    commit: (...args: Parameters<Store['commit']>) =>
      conflicts-- > 0 ? Promise.resolve('conflict') : store.commit(...args),
  })
  fallbacks = new OrphanFallbacks({ store: watched, clock })
})
afterEach(() => harness.close())

const removeGone = () => harness.store.reconcile({ knownKeys: ['inbox'], renames: [] })
const atInbox = async () => (await harness.store.deliveries({ destination: 'inbox', limit: 9 })).length

it('orphans that have all that they can have are not read again, and a new orphan gets its fallback', async () => {
  const declared = registry([inbox], { fallback: ['inbox'] })
  // A route led to the fallback, too.
  await harness.send('both', [gone, inbox])
  await harness.send('first', [gone])
  await removeGone()
  await fallbacks.create(declared, running)
  expect(await atInbox()).toBe(2)
  expect(reads).toBe(1)
  await fallbacks.create(declared, running)
  expect(reads).toBe(1)
  await harness.send('second', [gone])
  await removeGone()
  await fallbacks.create(declared, running)
  expect(await atInbox()).toBe(3)
})

it('orphans are not read while no fallback can have them, and get one with the registry that has it', async () => {
  await harness.send('first', [gone])
  await removeGone()
  await fallbacks.create(
    registry([destination('inbox', { enabled: false })], { fallback: ['inbox'] }),
    running,
  )
  expect(reads).toBe(0)
  await fallbacks.create(registry([inbox], { fallback: ['inbox'] }), running)
  expect(await atInbox()).toBe(1)
})

it('orphans whose fallback deliveries conflicted with another transaction get them in the next pass', async () => {
  const declared = registry([inbox], { fallback: ['inbox'] })
  await harness.send('first', [gone])
  await removeGone()
  conflicts = 1
  await fallbacks.create(declared, running)
  expect(await atInbox()).toBe(0)
  await fallbacks.create(declared, running)
  expect(await atInbox()).toBe(1)
})

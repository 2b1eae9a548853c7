/** Runs random histories of deliveries with the store and with a small model, and compares the results. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DeliveryOutcome, DeliveryState, Store } from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import { alert, dead, delivered, delivery, expecting, plan, waiting } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const LEASE_MS = 30
const DESTINATIONS = ['a', 'b']

interface ModelDelivery {
  readonly id: string
  readonly destination: string
  state: DeliveryState
  due: number
  attempts: number
  leaseUntil: number
  token: string
}

type Step =
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'add'; readonly destination: string; readonly inMs: number }
  | { readonly do: 'claim'; readonly destinations: readonly string[]; readonly limit: number }
  /** `lease` selects one of all leases that were ever given, stale ones included. */
  | { readonly do: 'settle'; readonly lease: number; readonly as: 'delivered' | 'waiting' | 'dead' }
  | { readonly do: 'retry'; readonly delivery: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    do: fc.constant('add' as const),
    destination: fc.constantFrom(...DESTINATIONS),
    inMs: fc.integer({ min: 0, max: 50 }),
  }),
  fc.record({
    do: fc.constant('claim' as const),
    destinations: fc.subarray(DESTINATIONS),
    limit: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    do: fc.constant('settle' as const),
    lease: fc.nat(20),
    as: fc.constantFrom('delivered' as const, 'waiting' as const, 'dead' as const),
  }),
  fc.record({ do: fc.constant('retry' as const), delivery: fc.nat(10) }),
)

export function deliveryModelContract(open: () => Promise<OpenedStore>): void {
  it('deliveries change as in the model, whatever the history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { store, clock } = await open()
        try {
          await store.commit(plan({ alerts: [alert('a1')] }), expecting())
          const history = new History(store, clock)
          for (const each of steps) await history.play(each)
          await history.compare()
        } finally {
          await store.close()
        }
      }),
      { numRuns: 60 },
    )
  })
}

class History {
  readonly #store: Store
  readonly #clock: ManualClock
  readonly #model: ModelDelivery[] = []
  readonly #leases: { id: string; token: string }[] = []

  constructor(store: Store, clock: ManualClock) {
    this.#store = store
    this.#clock = clock
  }

  async play(step: Step): Promise<void> {
    switch (step.do) {
      case 'advance':
        return this.#clock.advance(step.ms)
      case 'add':
        return this.#add(step.destination, this.#clock.now() + step.inMs)
      case 'claim':
        return this.#claim(step.destinations, step.limit)
      case 'settle':
        return this.#settle(step.lease, step.as)
      case 'retry':
        return this.#retry(`d${step.delivery}`)
    }
  }

  async compare(): Promise<void> {
    const stored = await this.#store.deliveries({ limit: 1000 })
    const facts = stored.map(({ id, state, due, attempts }) => [id, { state, due, attempts }])
    const expected = this.#model.map(({ id, state, due, attempts }) => [id, { state, due, attempts }])
    expect(Object.fromEntries(facts)).toEqual(Object.fromEntries(expected))
  }

  async #add(destination: string, due: number): Promise<void> {
    const id = `d${this.#model.length}`
    const added = delivery(id, { destinationKey: destination, due, createdAt: this.#clock.now() })
    await this.#store.commit(plan({ deliveries: [added] }), expecting())
    this.#model.push({ id, destination, state: 'pending', due, attempts: 0, leaseUntil: 0, token: '' })
  }

  async #claim(destinationKeys: readonly string[], limit: number): Promise<void> {
    const now = this.#clock.now()
    const expected = this.#model
      .filter(({ destination }) => destinationKeys.includes(destination))
      .filter(({ state, due, leaseUntil }) =>
        state === 'sending' ? leaseUntil <= now : (state === 'pending' || state === 'waiting') && due <= now,
      )
      .sort((a, b) => a.due - b.due)
      .slice(0, limit)
    const claimed = await this.#store.claim({ destinationKeys, limit, leaseMs: LEASE_MS })
    expect(claimed.map((each) => each.delivery.id)).toEqual(expected.map(({ id }) => id))
    for (const [i, { leaseToken: token }] of claimed.entries()) {
      Object.assign(expected[i]!, { state: 'sending', leaseUntil: now + LEASE_MS, token })
      this.#leases.push({ id: expected[i]!.id, token })
    }
  }

  async #settle(n: number, as: 'delivered' | 'waiting' | 'dead'): Promise<void> {
    const lease = this.#leases[n % Math.max(1, this.#leases.length)]
    if (!lease) return
    const due = this.#clock.now() + 10
    const outcomes: Record<typeof as, DeliveryOutcome> = { delivered, waiting: waiting(due), dead: dead() }
    const held = this.#model.find(
      ({ id, state, token }) => id === lease.id && state === 'sending' && token === lease.token,
    )
    expect(await this.#store.recordOutcome(lease.id, lease.token, outcomes[as])).toBe(held !== undefined)
    if (!held) return
    held.state = as
    held.attempts++
    if (as === 'waiting') held.due = due
  }

  async #retry(id: string): Promise<void> {
    const found = this.#model.find((each) => each.id === id && ['dead', 'waiting'].includes(each.state))
    expect(await this.#store.retry({ ids: [id] })).toBe(found ? 1 : 0)
    if (found) Object.assign(found, { state: 'pending', due: this.#clock.now(), attempts: 0 })
  }
}

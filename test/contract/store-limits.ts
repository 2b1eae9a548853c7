/** The contract of claims within the limits of a destination, which hold for all daemons together. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RateLimit } from '../../src/model/project/destination.ts'
import type { DestinationState, SendLimits, Store } from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import { alert, delivered, delivery, duty, expecting, plan, T0, waiting } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DUE = 20
const FRESH: DestinationState = {
  pausedAt: null,
  pausedReason: '',
  probeAt: null,
  failures: 0,
  tokens: null,
  tokensAt: null,
}
const PAUSED = { pausedAt: T0 - MINUTE, pausedReason: '401' }
const PER_SECOND: RateLimit = { perMinute: 60, burst: 10 }

interface Case {
  readonly name: string
  readonly state?: Partial<DestinationState>
  readonly rateLimit?: RateLimit
  readonly concurrency?: number
  /** Sends that are under way. */
  readonly underWay?: number
  /** How many of those have been answered. */
  readonly answered?: number
  /** How many of 20 due deliveries are claimed. */
  readonly claims: number
  readonly isProbe?: boolean
  /** When more can be claimed, from now. */
  readonly after?: number
  /** What the claim changes in the state. */
  readonly leaves?: Partial<DestinationState>
}

function throttled(over: Partial<NonNullable<DestinationState['throttle']>> = {}): Partial<DestinationState> {
  return {
    throttle: { window: 2, perMinute: null, basePerMinute: null, delivered: 0, from: T0 - SECOND, ...over },
  }
}

const CASES: readonly Case[] = [
  { name: 'nothing against it', claims: 8 },
  { name: 'a higher concurrency than there are deliveries', concurrency: 64, claims: DUE },
  { name: 'sends under way', underWay: 5, claims: 3 },
  { name: 'as many sends under way as it allows', underWay: 8, claims: 0 },
  { name: 'more sends under way than it allows now', concurrency: 2, underWay: 3, claims: 0 },
  { name: 'sends under way that have been answered', underWay: 8, answered: 3, claims: 3 },
  {
    name: 'a full bucket',
    rateLimit: PER_SECOND,
    concurrency: 64,
    claims: 10,
    leaves: { tokens: 0, tokensAt: T0 },
  },
  {
    name: 'more tokens than slots',
    rateLimit: PER_SECOND,
    claims: 8,
    leaves: { tokens: 2, tokensAt: T0 },
  },
  {
    name: 'half a token',
    state: { tokens: 0.5, tokensAt: T0 },
    rateLimit: PER_SECOND,
    claims: 0,
    after: 500,
  },
  {
    name: 'an overdrawn bucket',
    state: { tokens: -1, tokensAt: T0 },
    rateLimit: PER_SECOND,
    claims: 0,
    after: 2 * SECOND,
  },
  {
    name: 'a bucket that filled again',
    state: { tokens: 0, tokensAt: T0 - 3 * SECOND },
    rateLimit: PER_SECOND,
    claims: 3,
    leaves: { tokens: 0, tokensAt: T0 },
  },
  {
    name: 'a bucket left for a day',
    state: { tokens: 0, tokensAt: T0 - DAY },
    rateLimit: PER_SECOND,
    concurrency: 64,
    claims: 10,
    leaves: { tokens: 0, tokensAt: T0 },
  },
  {
    name: 'tokens that an older clock counted',
    state: { tokens: 2, tokensAt: T0 + MINUTE },
    rateLimit: PER_SECOND,
    claims: 2,
    leaves: { tokens: 0, tokensAt: T0 },
  },
  { name: 'a pause', state: { ...PAUSED, probeAt: T0 + MINUTE }, claims: 0, after: MINUTE },
  {
    name: 'a pause whose probe is due',
    state: { ...PAUSED, probeAt: T0 },
    claims: 1,
    isProbe: true,
    leaves: { probeAt: T0 + 5 * MINUTE },
  },
  {
    name: 'a pause whose probe is due, and a rate',
    state: { ...PAUSED, probeAt: T0, tokens: 0, tokensAt: T0 },
    rateLimit: PER_SECOND,
    claims: 1,
    isProbe: true,
    leaves: { probeAt: T0 + 5 * MINUTE, tokens: 0 },
  },
  {
    name: 'a probe that an older clock set',
    state: { ...PAUSED, probeAt: T0 + HOUR },
    claims: 1,
    isProbe: true,
    leaves: { probeAt: T0 + 5 * MINUTE },
  },
  { name: 'a pause that has no probe yet', state: PAUSED, claims: 1, isProbe: true },
  { name: 'a hold', state: { heldUntil: T0 + MINUTE }, claims: 0, after: MINUTE },
  { name: 'a hold that has ended', state: { heldUntil: T0 }, claims: 8 },
  { name: 'a hold that an older clock set', state: { heldUntil: T0 + 61 * MINUTE }, claims: 8 },
  { name: 'four failures', state: { failures: 4 }, claims: 8 },
  { name: 'five failures', state: { failures: 5 }, claims: 1 },
  { name: 'five failures, and a send under way', state: { failures: 5 }, underWay: 1, claims: 0 },
  {
    name: 'five failures, and a send that has been answered',
    state: { failures: 5 },
    underWay: 1,
    answered: 1,
    claims: 1,
  },
  {
    name: 'five failures, and a hold',
    state: { failures: 5, heldUntil: T0 + SECOND },
    claims: 0,
    after: SECOND,
  },
  {
    name: 'five failures, and no token',
    state: { failures: 5, tokens: 0, tokensAt: T0 },
    rateLimit: PER_SECOND,
    claims: 0,
    after: SECOND,
  },
  { name: 'a wait that the provider has ordered before', state: throttled(), claims: 2 },
  { name: 'such a wait, and a send under way', state: throttled(), underWay: 1, claims: 1 },
  { name: 'such a wait more than an hour ago', state: throttled({ from: T0 - HOUR }), claims: 8 },
  { name: 'such a wait of an older clock', state: throttled({ from: T0 + HOUR }), claims: 8 },
  {
    name: 'a rate that the provider has shown',
    state: { ...throttled({ window: 20, perMinute: 30 }), tokens: 0.5, tokensAt: T0 },
    claims: 0,
    after: SECOND,
  },
  {
    name: 'a rate that the provider has shown, which is slower than that of the user',
    state: throttled({ window: 20, perMinute: 30 }),
    rateLimit: PER_SECOND,
    claims: 1,
    leaves: { tokens: 0, tokensAt: T0 },
  },
  {
    name: 'a rate that the provider has shown, which is faster than that of the user',
    state: throttled({ window: 20, perMinute: 90 }),
    rateLimit: PER_SECOND,
    claims: 8,
  },
]

export function limitsContract(open: () => Promise<OpenedStore>): void {
  describe('claims within the limits of a destination', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
      await store.commit(plan({ alerts: [alert('a1')] }), expecting())
    })
    afterEach(() => store.close())

    const add = (count: number, prefix = 'd') =>
      store.commit(
        plan({ deliveries: Array.from({ length: count }, (_, i) => delivery(`${prefix}${i}`)) }),
        expecting(),
      )
    const claim = (within: SendLimits, limit = 100) =>
      store.claim({ destinationKeys: ['soc'], limit, leaseMs: MINUTE, within })

    it.each(CASES)('$name', async (given) => {
      const { rateLimit = null, concurrency = 8, underWay = 0, answered = 0, isProbe = false } = given
      await add(underWay, 'under-way-')
      const earlier = await store.claim({ destinationKeys: ['soc'], limit: 100, leaseMs: MINUTE })
      const before = { ...FRESH, ...given.state }
      await store.changeDestinationState('soc', () => before)
      await add(DUE)
      const within = {
        rateLimit,
        concurrency,
        answered: earlier.slice(0, answered).map(({ leaseToken }) => leaseToken),
      }
      const [found] = await store.duties([duty('soc', within)])
      const leases = underWay > 0 ? [T0 + MINUTE] : []
      const times = [...leases, ...(given.after === undefined ? [] : [T0 + given.after])]
      expect(found).toEqual({
        key: 'soc',
        state: before,
        claimable: given.claims,
        nextAt: times.length > 0 ? Math.min(...times) : null,
      })
      const claimed = await claim(within)
      expect(claimed.map((each) => each.isProbe)).toEqual(Array(given.claims).fill(isProbe))
      expect((await store.destinationState('soc')).value).toMatchObject({ ...given.state, ...given.leaves })
    })

    it('a claim never takes more than it asks for, and only as many tokens as it takes deliveries', async () => {
      await add(3)
      const within = { concurrency: 64, rateLimit: PER_SECOND, answered: [] }
      expect(await claim(within, 2)).toHaveLength(2)
      expect((await store.destinationState('soc')).value).toMatchObject({ tokens: 8, tokensAt: T0 })
      expect(await claim(within)).toHaveLength(1)
      expect((await store.destinationState('soc')).value.tokens).toBe(7)
      expect(await claim(within)).toEqual([])
      expect((await store.destinationState('soc')).value.tokens).toBe(7)
    })

    it('a probe is not taken if nothing is due', async () => {
      await store.changeDestinationState('soc', () => ({ ...FRESH, ...PAUSED, probeAt: T0 }))
      expect(await claim(duty('soc'))).toEqual([])
      expect((await store.destinationState('soc')).value.probeAt).toBe(T0)
    })

    it('a lease that has run out counts as no send under way', async () => {
      await add(8)
      await claim(duty('soc', { concurrency: 8 }))
      await add(1, 'later')
      clock.advance(MINUTE)
      expect(await claim(duty('soc', { concurrency: 8 }))).toHaveLength(8)
    })

    it('an outcome allows another send', async () => {
      await add(4)
      const limits = duty('soc', { concurrency: 2 })
      const [first, second] = await claim(limits)
      expect(await claim(limits)).toEqual([])
      await store.recordOutcome(first!.delivery.id, first!.leaseToken, delivered)
      await store.recordOutcome(second!.delivery.id, second!.leaseToken, waiting(T0 + HOUR))
      expect(await claim(limits)).toHaveLength(2)
    })

    it.each<[string, Partial<DestinationState>, Partial<SendLimits>, number]>([
      ['the concurrency', {}, { concurrency: 5 }, 5],
      ['the tokens', {}, { rateLimit: PER_SECOND }, 10],
      ['the probe of a pause', { ...PAUSED, probeAt: T0 }, {}, 1],
      ['the one send of an open breaker', { failures: 9 }, {}, 1],
      ['the window after an ordered wait', throttled(), {}, 2],
    ])('many claims at the same time share %s', async (_, state, limits, total) => {
      await store.changeDestinationState('soc', () => ({ ...FRESH, ...state }))
      await add(30)
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(duty('soc', limits), 3)))
      expect(claims.flat()).toHaveLength(total)
    })

    it('destinations do not share their limits, and a claim takes only of its own', async () => {
      await add(3)
      const deliveries = [delivery('x', { destinationKey: 'other' })]
      await store.commit(plan({ deliveries }), expecting())
      const [soc, other] = await store.duties([duty('soc', { concurrency: 2 }), duty('other')])
      expect([soc!.claimable, other!.claimable]).toEqual([2, 1])
      expect(await claim(duty('soc', { concurrency: 2 }))).toHaveLength(2)
      expect((await store.duties([duty('other')]))[0]!.claimable).toBe(1)
    })
  })
}

/**
 * The contract of stores for deliveries: they are claimed under a lease, have one outcome, are retried, and become
 * orphans.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type ClaimedDelivery,
  DELIVERY_STATES,
  type DeliveryOutcome,
  type DeliveryState,
  type Store,
} from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import {
  alert,
  attempt,
  dead,
  delivered,
  delivery,
  duty,
  expecting,
  nextAt,
  plan,
  T0,
  waiting,
} from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const LEASE_MS = 60_000

export function deliveryContract(open: () => Promise<OpenedStore>): void {
  describe('deliveries', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
      await store.commit(plan({ alerts: [alert('a1'), alert('a2')] }), expecting())
    })
    afterEach(() => store.close())

    const add = (...deliveries: ReturnType<typeof delivery>[]) =>
      store.commit(plan({ deliveries }), expecting())
    const claim = (limit = 10, destinationKeys = ['soc']) =>
      store.claim({ destinationKeys, limit, leaseMs: LEASE_MS })
    const claimOne = async (): Promise<ClaimedDelivery> => {
      const claimed = await claim(1)
      expect(claimed).toHaveLength(1)
      return claimed[0]!
    }
    const settle = ({ delivery: { id }, leaseToken }: ClaimedDelivery, outcome: DeliveryOutcome) =>
      store.recordOutcome(id, leaseToken, outcome)
    const row = async (id = 'd1') => (await store.deliveries({ limit: 100 })).find((each) => each.id === id)!
    /** Brings the delivery d1 into a state. */
    const bring = async (state: DeliveryState) => {
      await add(delivery('d1'))
      if (state === 'pending') return
      if (state === 'orphaned') return store.reconcile({ knownKeys: [], renames: [] })
      const claimed = await claimOne()
      if (state === 'delivered') await settle(claimed, delivered)
      if (state === 'waiting') await settle(claimed, waiting(T0 + 5000))
      if (state === 'dead') await settle(claimed, dead())
    }

    it('a delivery is found by its id', async () => {
      await add(delivery('d1', { alertId: 'a1' }), delivery('d2', { alertId: 'a2' }))
      const found = await store.deliveries({ id: 'd2', limit: 10 })
      expect(found.map(({ id, alertIds }) => [id, alertIds])).toEqual([['d2', ['a2']]])
      expect(await store.deliveries({ id: 'd3', limit: 10 })).toEqual([])
    })

    it('due deliveries are claimed with their alerts, earliest first, up to the requested number', async () => {
      await add(
        delivery('late', { due: T0 + 3 }),
        delivery('early', { due: T0 + 1, alertId: 'a2' }),
        delivery('middle', { due: T0 + 2, destinationKey: 'other' }),
        delivery('future', { due: T0 + 1000 }),
      )
      expect(await claim()).toEqual([])
      clock.advance(3)
      const claimed = await claim(2, ['soc', 'other', 'soc', 'unknown'])
      expect(claimed.map((each) => each.delivery.id)).toEqual(['early', 'middle'])
      expect(claimed[0]!.alerts).toEqual([alert('a2')])
      expect(claimed[0]!.delivery).toEqual({
        id: 'early',
        kind: 'single',
        destinationKey: 'soc',
        destination: 'soc',
        state: 'sending',
        due: T0 + 1,
        attempts: 0,
        createdAt: T0,
        pausedMs: 0,
        message: '',
        alertIds: ['a2'],
        updateOf: null,
        update: null,
        remoteReference: null,
        reason: 'static-destinations',
      })
      const rest = await claim(2, ['soc', 'other'])
      expect(rest.map((each) => each.delivery.id)).toEqual(['late'])
      expect(new Set([...claimed, ...rest].map((each) => each.leaseToken)).size).toBe(3)
    })

    it('deliveries are counted if they are due or their lease has expired, up to a bound', async () => {
      await add(
        delivery('d1'),
        delivery('d2'),
        delivery('d3', { due: T0 + LEASE_MS }),
        delivery('d4', { destinationKey: 'other' }),
      )
      const claimable = async (key: string, concurrency: number) =>
        (await store.duties([duty(key, { concurrency })]))[0]!.claimable
      expect(await claimable('soc', 10)).toBe(2)
      expect(await claimable('soc', 1)).toBe(1)
      expect(await claimable('unknown', 10)).toBe(0)
      await claim()
      expect(await claimable('soc', 10)).toBe(0)
      clock.advance(LEASE_MS)
      expect(await claimable('soc', 10)).toBe(3)
    })

    it('deliveries are only claimed for the destinations that the claim names', async () => {
      await add(delivery('d1'), delivery('d2', { destinationKey: 'other' }))
      expect(await claim(10, [])).toEqual([])
      expect((await claim(10, ['other'])).map((each) => each.delivery.id)).toEqual(['d2'])
    })

    it('a delivery is claimed by one of many concurrent claims', async () => {
      await add(...Array.from({ length: 30 }, (_, i) => delivery(`d${i}`)))
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(5)))
      const ids = claims.flat().map((each) => each.delivery.id)
      expect(ids).toHaveLength(30)
      expect(new Set(ids).size).toBe(30)
    })

    it.each<[string, DeliveryOutcome, object]>([
      ['delivered', delivered, { state: 'delivered', attempts: 1, message: 'ok', due: T0 }],
      [
        'a failure',
        waiting(T0 + 5000),
        { state: 'waiting', attempts: 1, due: T0 + 5000, message: 'status 500' },
      ],
      [
        'a pause without a request',
        waiting(T0 + 9, { spendsAttempt: false, attempt: null, pausedMs: 400 }),
        { state: 'waiting', attempts: 0, pausedMs: 400, due: T0 + 9, message: '' },
      ],
      ['a refusal', dead(), { state: 'dead', attempts: 1, message: 'status 400' }],
      [
        'an age that ran out',
        { state: 'dead', attempt: null, reason: 'too old', fallbackDeliveries: [] },
        { state: 'dead', attempts: 0, message: 'too old' },
      ],
    ])('the outcome of a delivery is recorded as %s', async (_, outcome, expected) => {
      await add(delivery('d1'))
      expect(await settle(await claimOne(), outcome)).toBe(true)
      expect(await row()).toMatchObject(expected)
      const recorded = outcome.attempt ? [{ n: 1, ...outcome.attempt }] : []
      expect(await store.attempts('d1')).toEqual(recorded)
    })

    it('attempts are numbered and pauses are added up over all rounds', async () => {
      await add(delivery('d1'))
      await settle(await claimOne(), waiting(T0, { pausedMs: 10 }))
      await settle(await claimOne(), waiting(T0, { pausedMs: 5, spendsAttempt: false }))
      await settle(await claimOne(), { state: 'delivered', attempt: attempt({ status: null, ms: 0.5 }) })
      expect(await row()).toMatchObject({ state: 'delivered', attempts: 2, pausedMs: 15 })
      const recorded = await store.attempts('d1')
      expect(recorded.map(({ n, outcome }) => [n, outcome])).toEqual([
        [1, 'retry'],
        [2, 'retry'],
        [3, 'delivered'],
      ])
      expect(recorded[2]).toMatchObject({ status: null, ms: 0.5 })
    })

    it('a stale lease changes no delivery', async () => {
      await add(delivery('d1'))
      const stale = await claimOne()
      clock.advance(LEASE_MS)
      const fresh = await claimOne()
      const before = await row()
      expect(await settle(stale, dead([delivery('d2')]))).toBe(false)
      expect(await store.recordOutcome('none', stale.leaseToken, delivered)).toBe(false)
      expect(await row()).toEqual(before)
      expect(await store.attempts('d1')).toEqual([])
      expect(await store.deliveries({ limit: 10 })).toHaveLength(1)
      expect(await settle(fresh, delivered)).toBe(true)
      expect(await settle(fresh, dead())).toBe(false)
      expect(await row()).toMatchObject({ state: 'delivered', attempts: 1 })
    })

    it('only one of two concurrent outcomes is recorded', async () => {
      await add(delivery('d1'))
      const claimed = await claimOne()
      expect(await Promise.all([settle(claimed, delivered), settle(claimed, dead())])).toEqual([true, false])
      expect(await store.attempts('d1')).toHaveLength(1)
    })

    it('a delivery belongs to its claimant until the lease ends, and its outcome may be recorded until another claims it', async () => {
      await add(delivery('d1'))
      const claimed = await claimOne()
      clock.advance(LEASE_MS - 1)
      expect(await claim()).toEqual([])
      clock.advance(1)
      expect(await settle(claimed, delivered)).toBe(true)
      expect(await claim()).toEqual([])
    })

    it('a dead delivery makes its fallback deliveries once', async () => {
      await add(delivery('d1'))
      const fallbackDeliveries = [
        delivery('d2', { destinationKey: 'inbox', destination: 'inbox', reason: 'fallback: d1' }),
      ]
      await settle(await claimOne(), dead(fallbackDeliveries))
      await store.retry({ ids: ['d1'] })
      const [inbox] = await claim(1, ['inbox'])
      await settle(inbox!, delivered)
      await settle(await claimOne(), dead(fallbackDeliveries))
      expect(await row('d2')).toMatchObject({ state: 'delivered', reason: 'fallback: d1', alertIds: ['a1'] })
      expect(await claim(10, ['inbox'])).toEqual([])
    })

    it.each<[DeliveryState, number]>([
      ['pending', 0],
      ['sending', 0],
      ['delivered', 0],
      ['waiting', 1],
      ['dead', 1],
      ['orphaned', 1],
    ])('a retry of a delivery that is %s brings back %i', async (state, changed) => {
      await bring(state)
      const before = await row()
      expect(before.state).toBe(state)
      clock.advance(700)
      const others = DELIVERY_STATES.filter((each) => each !== state)
      expect(await store.retry({ ids: ['d1'], states: others })).toBe(0)
      expect(await store.retry({ ids: ['d1', 'unknown'] })).toBe(changed)
      const retried = { state: 'pending', due: T0 + 700, createdAt: T0 + 700, attempts: 0, pausedMs: 0 }
      expect(await row()).toEqual(changed ? { ...before, ...retried } : before)
    })

    it('deliveries are retried by filter, up to the requested number', async () => {
      const many = Array.from({ length: 4 }, (_, i) =>
        delivery(`d${i}`, { destination: i < 3 ? 'soc' : 'old' }),
      )
      await add(...many)
      for (const claimed of await claim()) await settle(claimed, dead())
      expect(await store.retry({ states: ['waiting', 'delivered'], limit: 10 })).toBe(0)
      expect(await store.retry({ destination: 'old', limit: 10 })).toBe(1)
      expect(await store.audit({ after: 2, limit: 10 })).toEqual([])
      expect(await store.retry({ states: ['dead'], limit: 2 }, { actor: 'ann@host', via: 'cli' })).toBe(2)
      const act = { at: T0, actor: 'ann@host', via: 'cli', verb: 'retried', after: 'soc' }
      const subject = { kind: 'alert', id: 'a1' }
      expect(await store.audit({ after: 2, limit: 10 })).toMatchObject([
        { ...act, subject },
        { ...act, subject },
      ])
      expect(await store.countDeliveries()).toMatchObject({ pending: 3, dead: 1 })
    })

    it('a retry with the id of a request is carried out once, also with several deliveries', async () => {
      await add(delivery('d1'), delivery('d2'))
      for (const claimed of await claim()) await settle(claimed, dead())
      const by = { actor: 'ann', via: 'api', requestId: 'r1' }
      expect(await store.retry({ ids: ['d1', 'd2'] }, by)).toBe(2)
      for (const claimed of await claim()) await settle(claimed, dead())
      expect(await store.retry({ ids: ['d1', 'd2'] }, by)).toBe(0)
      expect(await store.audit({ requestId: 'r1', limit: 10 })).toMatchObject([
        { verb: 'retried', actor: 'ann' },
      ])
      expect(await store.retry({ ids: ['d1'] }, { ...by, requestId: 'r2' })).toBe(1)
    })

    it('the store knows when something can next be claimed', async () => {
      const nextDue = () => nextAt(store, ['soc', 'other'])
      expect(await nextDue()).toBeNull()
      await add(
        delivery('d1', { due: T0 + 50, destinationKey: 'other' }),
        delivery('d2', { destinationKey: 'x', due: T0 }),
      )
      expect(await nextDue()).toBe(T0 + 50)
      await add(delivery('d3'))
      const claimed = await claimOne()
      expect(await nextDue()).toBe(T0 + 50)
      await settle(claimed, waiting(T0 + 20))
      expect(await nextDue()).toBe(T0 + 20)
      clock.advance(50)
      const both = await claim(10, ['soc', 'other'])
      expect(await nextDue()).toBe(T0 + 50 + LEASE_MS)
      for (const each of both) await settle(each, delivered)
      expect(await nextDue()).toBeNull()
      expect(await store.duties([])).toEqual([])
    })

    it('a delivery that a rule holds is scheduled, and waits for its time, whatever is done to the clock', async () => {
      const opening = T0 + 3_600_000
      await add(
        delivery('d1', { due: opening, notBefore: opening, createdAt: opening }),
        delivery('d2', { due: T0 + 5_000 }),
      )
      expect(await store.countDeliveries()).toMatchObject({ pending: 0, scheduled: 2 })
      expect(await store.backlog()).toEqual([{ destinationKey: 'soc', status: 'scheduled', count: 2 }])
      await store.shiftDueDates(0)
      expect((await row()).due).toBe(opening)
      expect((await row('d2')).due).toBe(T0)
      clock.advance(-60_000)
      await store.shiftDueDates(60_000)
      expect((await row()).due).toBe(opening)
      clock.advance(3_660_000)
      const claimed = await claim()
      expect(claimed.map(({ delivery: { id }, repeated }) => [id, repeated])).toEqual([
        ['d2', false],
        ['d1', false],
      ])
    })

    it('deliveries become orphans when their destination is removed, unless they have ended or are being sent', async () => {
      await add(delivery('live'))
      await claimOne()
      await add(delivery('d0'), delivery('ended'))
      const [first, second] = await claim()
      await settle(first!, waiting(T0 + 5))
      await settle(second!, delivered)
      await add(delivery('d1'), delivery('known', { destinationKey: 'inbox' }))
      const registry = { knownKeys: ['inbox'], renames: [] }
      expect(await store.reconcile(registry)).toEqual({
        orphaned: 2,
        adopted: 0,
        isNewest: true,
        hasMore: false,
      })
      const states = Object.fromEntries(
        (await store.deliveries({ limit: 10 })).map((each) => [each.id, each.state]),
      )
      const expected = {
        d0: 'orphaned',
        d1: 'orphaned',
        live: 'sending',
        ended: 'delivered',
        known: 'pending',
      }
      expect(states).toEqual(expected)
      expect(await claim()).toEqual([])
      clock.advance(LEASE_MS)
      expect(await store.reconcile(registry)).toEqual({
        orphaned: 1,
        adopted: 0,
        isNewest: true,
        hasMore: false,
      })
      expect(await store.reconcile(registry)).toEqual({
        orphaned: 0,
        adopted: 0,
        isNewest: true,
        hasMore: false,
      })
    })

    it('a reconciliation changes a bounded number of deliveries, and the next ones the rest', async () => {
      const many = 1_050
      await add(...Array.from({ length: many }, (_, n) => delivery(`d${n}`)))
      const bound = 1_000
      const removed = { knownKeys: [], renames: [] }
      expect(await store.reconcile(removed)).toMatchObject({ orphaned: bound, hasMore: true })
      expect(await store.countDeliveries()).toMatchObject({ orphaned: bound, pending: many - bound })
      // What still waits follows the name, too, and is no orphan in between.
      const renamed = { knownKeys: ['new'], renames: [{ from: 'soc', to: 'new', name: 'new' }] }
      expect(await store.reconcile(renamed)).toMatchObject({ orphaned: 0, adopted: bound, hasMore: true })
      expect(await store.countDeliveries()).toMatchObject({ orphaned: 0, pending: many })
      expect(await store.reconcile(renamed)).toMatchObject({
        orphaned: 0,
        adopted: many - bound,
        hasMore: false,
      })
      expect((await store.deliveries({ destination: 'new', limit: many + 1 })).length).toBe(many)
      while ((await store.reconcile(removed)).hasMore);
      // A retry of more of them than one transaction changes brings all of them back.
      expect(await store.retry({ states: ['orphaned'], limit: many })).toBe(many)
    })

    it('deliveries follow the new name of their destination', async () => {
      await add(delivery('d0'))
      await store.reconcile({ knownKeys: [], renames: [] })
      await add(delivery('d1'), delivery('d2', { due: T0 + 900 }), delivery('d3'))
      const [done, sending] = await claim(2)
      await settle(done!, delivered)
      clock.advance(100)
      const renames = [{ from: 'soc', to: 'key-1', name: 'soc-slack' }]
      expect(await store.reconcile({ knownKeys: ['key-1'], renames })).toEqual({
        orphaned: 0,
        adopted: 3,
        isNewest: true,
        hasMore: false,
      })
      expect(await row(done!.delivery.id)).toMatchObject({ destinationKey: 'soc', state: 'delivered' })
      const moved = { destinationKey: 'key-1', destination: 'soc-slack' }
      expect(await row('d0')).toMatchObject({
        ...moved,
        state: 'pending',
        createdAt: T0 + 100,
        due: T0 + 100,
      })
      expect(await row('d2')).toMatchObject({ ...moved, state: 'pending', createdAt: T0, due: T0 + 900 })
      expect(await row(sending!.delivery.id)).toMatchObject({ ...moved, state: 'sending' })
      expect(await settle(sending!, delivered)).toBe(true)
      expect((await claim(10, ['key-1'])).map((each) => each.delivery.id)).toEqual(['d0'])
    })

    it('deliveries keep their destination when its previous name is in use again', async () => {
      await add(delivery('d1'))
      const renames = [{ from: 'soc', to: 'new', name: 'new' }]
      expect(await store.reconcile({ knownKeys: ['soc', 'new'], renames })).toEqual({
        orphaned: 0,
        adopted: 0,
        isNewest: true,
        hasMore: false,
      })
      expect((await claimOne()).delivery.destinationKey).toBe('soc')
    })

    it('deliveries are listed newest first, filtered and bounded, and counted by state', async () => {
      await add(
        delivery('d1', { createdAt: T0 }),
        delivery('d2', { createdAt: T0 + 2, alertId: 'a2' }),
        delivery('d3', { createdAt: T0 + 1, destinationKey: 'uuid', destination: 'pager' }),
      )
      await settle(await claimOne(), dead())
      const ids = async (filter: Partial<Parameters<Store['deliveries']>[0]>) =>
        (await store.deliveries({ limit: 10, ...filter })).map(({ id }) => id)
      expect(await ids({})).toEqual(['d2', 'd3', 'd1'])
      expect(await ids({ limit: 1 })).toEqual(['d2'])
      expect(await ids({ states: ['dead'] })).toEqual(['d1'])
      expect(await ids({ states: ['dead', 'pending'] })).toEqual(['d2', 'd3', 'd1'])
      expect(await ids({ states: [] })).toEqual([])
      expect(await ids({ destination: 'pager' })).toEqual(['d3'])
      expect(await ids({ destination: 'uuid' })).toEqual(['d3'])
      expect(await ids({ alertId: 'a2', states: ['pending'] })).toEqual(['d2'])
      expect(await ids({ unlessBeside: 'fallback: ' })).toEqual(['d2', 'd3', 'd1'])
      expect(await ids({ unlessBeside: 'static' })).toEqual([])
      expect(await ids({ missingAt: ['uuid'] })).toEqual(['d2'])
      expect(await ids({ missingAt: ['uuid', 'other'] })).toEqual(['d2', 'd3', 'd1'])
      expect(await ids({ missingAt: ['soc'] })).toEqual([])
      expect(await ids({ created: { from: T0 + 1, until: T0 + 2 } })).toEqual(['d3', 'd2'])
      expect(await ids({ created: { from: T0, until: T0 + 1 }, limit: 1 })).toEqual(['d1'])
      const none = {
        sending: 0,
        delivered: 0,
        waiting: 0,
        orphaned: 0,
        queued: 0,
        withdrawn: 0,
        scheduled: 0,
      }
      expect(await store.countDeliveries()).toEqual({ ...none, pending: 2, dead: 1 })
      expect(await store.countDeliveries(['dead'])).toEqual({ ...none, pending: 0, dead: 1 })
      const backlog = (await store.backlog()).map(
        ({ destinationKey, status, count }) => `${destinationKey} ${status} ${count}`,
      )
      expect(new Set(backlog)).toEqual(new Set(['soc dead 1', 'soc pending 1', 'uuid pending 1']))
    })
  })
}

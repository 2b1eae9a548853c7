/** The contract of stores for updates: which are created, in which order they can be claimed, and how they become one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditVerb, ClaimedDelivery, DeliveryOutcome, Store } from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import {
  alert,
  attempt,
  audit,
  dead,
  delivered,
  delivery,
  expecting,
  nextAt,
  plan,
  subscription,
  T0,
  waiting,
} from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const nothing = expecting()
const HOUR_MS = 3_600_000

export function updateContract(open: () => Promise<OpenedStore>): void {
  describe('updates', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
      await reconcile()
      await store.commit(plan({ alerts: [alert('a1')], deliveries: [delivery('d1')] }), nothing)
    })
    afterEach(() => store.close())

    const reconcile = (...subscriptions: ReturnType<typeof subscription>[]) =>
      store.reconcile({
        knownKeys: ['soc', 'inbox'],
        renames: [],
        subscriptions: subscriptions.length > 0 ? subscriptions : [subscription('soc')],
      })
    const act = (verb: AuditVerb, over: Parameters<typeof audit>[1] = {}) =>
      store.commit(plan({ audits: [audit(verb, over)] }), nothing)
    const merge = (alertId = 'a1') =>
      store.commit(
        plan({ merges: [{ alertId, events: 1, lastEventAt: clock.now(), logTypes: [] }] }),
        nothing,
      )
    const repeat = () => {
      clock.advance(HOUR_MS)
      return merge()
    }
    const rise = () =>
      store.commit(
        plan({
          divergences: [{ alertId: 'a1', divergence: { at: T0, rowId: 'r2', severity: 'CRITICAL' } }],
        }),
        nothing,
      )
    const claim = (keys = ['soc']) => store.claim({ destinationKeys: keys, limit: 10, leaseMs: 60_000 })
    const record = (claimed: ClaimedDelivery | undefined, outcome: DeliveryOutcome) =>
      store.recordOutcome(claimed!.delivery.id, claimed!.leaseToken, outcome)
    const deliver = async (outcome: DeliveryOutcome = delivered) => {
      const claimed = await claim()
      for (const each of claimed) await record(each, outcome)
      return claimed.map(({ delivery: { update } }) => update?.events.join('+') ?? 'first')
    }
    const updates = async () =>
      (await store.deliveries({ kind: 'update', limit: 50 }))
        .toReversed()
        .map(({ update, state }) => `${update!.events.join('+')} ${state}`)

    it('each of the six events becomes an update, with the status after it and its actor', async () => {
      await deliver()
      const seen: unknown[] = []
      const steps: [string, () => Promise<unknown>][] = [
        ['repeated', repeat],
        ['escalated', rise],
        ['acknowledged', () => act('acknowledged', { note: 'on it' })],
        ['commented', () => act('commented', { note: 'more' })],
        ['resolved', () => act('resolved')],
        ['reopened', () => act('reopened')],
      ]
      for (const [event, step] of steps) {
        await step()
        const [claimed] = await claim()
        expect(claimed?.delivery).toMatchObject({ kind: 'update', updateOf: 'd1', alertIds: ['a1'] })
        seen.push([event, claimed!.delivery.update])
        await record(claimed, delivered)
      }
      const common = { status: 'open', closedReason: null }
      expect(seen).toEqual(
        steps.map(([event]) => [
          event,
          {
            ...common,
            events: [event],
            actor: event === 'repeated' || event === 'escalated' ? '' : 'ann@host',
            note: { acknowledged: 'on it', commented: 'more' }[event] ?? '',
          },
        ]),
      )
    })

    it('a destination gets the events that it wants, and others get nothing', async () => {
      await deliver()
      await reconcile(subscription('soc', { events: ['resolved'] }), subscription('inbox'))
      await act('acknowledged')
      expect(await updates()).toEqual([])
      await act('resolved')
      expect(await updates()).toEqual(['resolved pending'])
      await reconcile(subscription('inbox'))
      await act('resolved')
      expect(await updates()).toEqual(['resolved pending'])
    })

    it('a change does not go back to the destination that reported it', async () => {
      await deliver()
      await act('acknowledged', { origin: 'soc' })
      expect(await updates()).toEqual([])
    })

    it('an assignment, a new destination and events of a resolved alert are no updates', async () => {
      await deliver()
      await act('assigned')
      const divergence = { at: T0, rowId: 'r2', destinations: ['inbox'] }
      await store.commit(plan({ divergences: [{ alertId: 'a1', divergence }] }), nothing)
      const status = { ...(await store.alert('a1'))!.status, version: 2, status: 'resolved' as const }
      await store.commit(
        plan({ statuses: [{ alertId: 'a1', status: { ...status, reason: 'expected' } }] }),
        nothing,
      )
      clock.advance(HOUR_MS)
      await merge()
      await rise()
      expect(await updates()).toEqual([])
    })

    it('[DEL-12.1] an update waits until its first delivery is delivered', async () => {
      const [first] = await claim()
      await act('acknowledged')
      expect(await claim()).toEqual([])
      await record(first, waiting(T0))
      const [again] = await claim()
      expect(again?.delivery.id).toBe('d1')
      await act('commented', { note: 'x' })
      await record(again, { state: 'delivered', attempt: attempt(), remoteReference: '{"key":"SOC-1"}' })
      const [update] = await claim()
      expect(update).toMatchObject({
        firstReference: '{"key":"SOC-1"}',
        delivery: { update: { events: ['acknowledged', 'commented'] } },
      })
      expect((await store.deliveries({ kind: 'single', limit: 5 }))[0]).toMatchObject({
        remoteReference: '{"key":"SOC-1"}',
      })
    })

    it('[DEL-12.4] the updates of a dead delivery are withdrawn, grow further, and come back with it', async () => {
      await act('acknowledged')
      await deliver(dead())
      expect(await updates()).toEqual(['acknowledged withdrawn'])
      await act('resolved')
      expect(await updates()).toEqual(['resolved withdrawn'])
      expect((await store.deliveries({ kind: 'update', limit: 1 }))[0]?.message).toBe(
        'its first delivery is dead',
      )
      expect(await store.retry({ ids: ['d1'] })).toBe(1)
      expect(await updates()).toEqual(['resolved queued'])
      expect(await deliver()).toEqual(['first'])
      expect(await deliver()).toEqual(['resolved'])
    })

    it('[DEL-12.3] updates that wait become one: the later status wins, notes are joined, each event is named once', async () => {
      await act('acknowledged', { note: 'one' })
      await merge()
      await act('commented', { note: 'two', actor: 'bob' })
      await rise()
      await act('commented', { note: 'three' })
      await act('resolved', { note: 'four', actor: 'eve' })
      const rows = await store.deliveries({ kind: 'update', limit: 5 })
      expect(rows.map(({ update, reason }) => [update, reason])).toEqual([
        [
          {
            events: ['repeated', 'escalated', 'commented', 'resolved'],
            status: 'open',
            closedReason: null,
            actor: 'eve',
            note: 'one\ntwo\nthree\nfour',
          },
          'update: repeated, escalated, commented, resolved',
        ],
      ])
    })

    it('[DEL-12.2] an update that may have been sent does not change, and the next one waits for its end', async () => {
      await deliver()
      await act('acknowledged')
      const [sending] = await claim()
      await act('resolved')
      expect(await updates()).toEqual(['acknowledged sending', 'resolved queued'])
      expect(await claim()).toEqual([])
      await record(sending, waiting(T0))
      await act('reopened')
      expect(await updates()).toEqual(['acknowledged waiting', 'reopened queued'])
      const [again] = await claim()
      expect(again?.delivery.id).toBe(sending?.delivery.id)
      await record(again, delivered)
      expect(await deliver()).toEqual(['reopened'])
      expect(new Set((await store.deliveries({ limit: 9 })).map(({ id }) => id)).size).toBe(3)
    })

    it('an update carries a note with any character', async () => {
      await deliver()
      const note = 'a\0b\uE0000"\\\ud800'
      await act('commented', { note })
      await act('commented', { note, actor: 'x\0' })
      const [claimed] = await claim()
      expect(claimed?.delivery.update).toMatchObject({ note: `${note}\n${note}`, actor: 'x\0' })
    })

    it('an update whose lease has run out does not change either', async () => {
      await deliver()
      await act('acknowledged')
      await claim()
      clock.advance(60_000)
      await act('resolved')
      expect(await updates()).toEqual(['acknowledged sending', 'resolved queued'])
    })

    it('a dead update does not hold up the next one, and is sent alone when it is retried', async () => {
      await deliver()
      await act('acknowledged')
      const [refused] = await claim()
      await act('resolved')
      await record(refused, dead())
      expect(await updates()).toEqual(['acknowledged dead', 'resolved pending'])
      expect(await store.retry({ ids: [refused!.delivery.id] })).toBe(1)
      expect(await updates()).toEqual(['acknowledged pending', 'resolved queued'])
      expect(await deliver()).toEqual(['acknowledged'])
      expect(await deliver()).toEqual(['resolved'])
    })

    it('repeated events make one update per interval, counted from the first delivery', async () => {
      await deliver()
      for (let i = 0; i < 5; i++) await merge()
      expect(await updates()).toEqual(['repeated pending'])
      expect(await claim()).toEqual([])
      expect(await store.countDeliveries()).toMatchObject({ delivered: 1, pending: 0, scheduled: 1 })
      expect(await store.countDeliveries(['dead'])).toMatchObject({ pending: 0, scheduled: 0 })
      const backlog = { destinationKey: 'soc', count: 1 }
      expect(await store.backlog()).toEqual([{ ...backlog, status: 'scheduled' }])
      expect(await nextAt(store, ['soc'])).toBe(T0 + HOUR_MS)
      clock.advance(HOUR_MS)
      expect(await store.countDeliveries()).toMatchObject({ pending: 1, scheduled: 0 })
      expect(await store.backlog()).toEqual([{ ...backlog, status: 'pending' }])
      expect(await deliver()).toEqual(['repeated'])
      clock.advance(HOUR_MS / 2)
      await merge()
      expect(await nextAt(store, ['soc'])).toBe(T0 + 2 * HOUR_MS)
    })

    it('another event takes a waiting repetition along at once', async () => {
      await deliver()
      await merge()
      await act('acknowledged')
      expect(await deliver()).toEqual(['repeated+acknowledged'])
      await merge()
      expect(await nextAt(store, ['soc'])).toBe(T0 + HOUR_MS)
    })

    it('a clock that was ahead delays no repetition by more than its interval', async () => {
      await deliver()
      clock.advance(100 * HOUR_MS)
      await deliver()
      await store.commit(
        plan({
          alerts: [alert('a2')],
          deliveries: [delivery('d2', { alertId: 'a2', createdAt: clock.now() })],
        }),
        nothing,
      )
      await deliver()
      await merge('a2')
      clock.advance(-100 * HOUR_MS)
      await store.shiftDueDates(0)
      expect(await nextAt(store, ['soc'])).toBe(T0 + HOUR_MS)
      await store.shiftDueDates(0)
      expect(await nextAt(store, ['soc'])).toBe(T0 + HOUR_MS)
    })

    it('an alert that was sent twice has updates for both', async () => {
      await store.commit(plan({ deliveries: [delivery('again', { reason: 're-sent' })] }), nothing)
      await deliver()
      await act('resolved')
      const rows = await store.deliveries({ kind: 'update', limit: 5 })
      expect(new Set(rows.map(({ updateOf }) => updateOf))).toEqual(new Set(['again', 'd1']))
    })

    it('updates of an alert that was delivered under an earlier name follow its destination', async () => {
      await deliver()
      await act('acknowledged')
      const renamed = { knownKeys: ['new'], renames: [{ from: 'soc', to: 'new', name: 'new' }] }
      const own = subscription('new')
      const subscriptions = [own, { ...own, firstKey: 'soc' }]
      expect(await store.reconcile({ ...renamed, subscriptions })).toEqual({
        orphaned: 0,
        adopted: 1,
        isNewest: true,
        hasMore: false,
      })
      await act('resolved')
      const claimed = await claim(['new'])
      expect(claimed.map(({ delivery: { update } }) => update?.events)).toEqual([['resolved']])
    })

    it('updates of a removed destination are orphaned, and adopted in their order', async () => {
      await act('acknowledged')
      await store.reconcile({ knownKeys: [], renames: [] })
      expect(await updates()).toEqual(['acknowledged orphaned'])
      const renames = [{ from: 'soc', to: 'new', name: 'new' }]
      await store.reconcile({ knownKeys: ['new'], renames, subscriptions: [subscription('new')] })
      expect(await updates()).toEqual(['acknowledged queued'])
      const [first] = await claim(['new'])
      expect(first?.delivery.id).toBe('d1')
      await record(first, delivered)
      expect((await claim(['new'])).map(({ delivery: { kind } }) => kind)).toEqual(['update'])
    })

    it('what is withdrawn is not sent, and is due again when its alert is reopened', async () => {
      await act('resolved')
      const withdrawn = { state: 'withdrawn', attempt: null, reason: 'ann@host resolved it' } as const
      const [first] = await claim()
      expect(await record(first, withdrawn)).toBe(true)
      expect(await updates()).toEqual(['resolved withdrawn'])
      expect(await store.retry({ ids: ['d1'] })).toBe(0)
      await act('reopened')
      expect(await updates()).toEqual(['reopened queued'])
      expect(await deliver()).toEqual(['first'])
    })

    it('the number of updates does not matter to their keys: each is another one', async () => {
      await deliver()
      for (let i = 0; i < 12; i++) {
        await act('commented', { note: String(i) })
        await deliver({ state: 'delivered', attempt: attempt() })
      }
      const ids = (await store.deliveries({ kind: 'update', limit: 50 })).map(({ id }) => id)
      expect(new Set(ids).size).toBe(12)
    })
  })
}

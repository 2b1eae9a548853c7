/** The contract of stores for digests: which deliveries are gathered, and what closes a digest. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliveryId, hashId } from '../../src/model/alerts/alert.ts'
import { type Gathering, MAX_DIGEST_ALERTS, type NewDelivery, type Store } from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import { alert, expecting, plan, T0 } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const nothing = expecting()
const HOUR_MS = 3_600_000

export function digestContract(open: () => Promise<OpenedStore>): void {
  describe('digests', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
    })
    afterEach(() => store.close())

    const gathered = (alertId: string, over: Partial<Gathering> = {}): NewDelivery => {
      const { key = 'k' } = over
      const gather = {
        key,
        id: hashId('digest', key, alertId),
        windowMs: HOUR_MS,
        after: 0,
        due: clock.now() + HOUR_MS,
        ...over,
      }
      return {
        id: deliveryId(alertId, 'mail'),
        alertId,
        destinationKey: 'mail',
        destination: 'mail',
        due: clock.now(),
        createdAt: clock.now(),
        reason: 'static-severity',
        gather,
      }
    }
    const gather = (ids: readonly string[], over: Partial<Gathering> = {}) =>
      store.commit(
        plan({
          alerts: ids.map((id) => alert(id, { groupKey: `group of ${id}` })),
          deliveries: ids.map((id) => gathered(id, over)),
        }),
        nothing,
      )
    const rows = async () => {
      const found = await store.deliveries({ limit: 100 })
      return found
        .map(({ kind, alertIds, due }) => ({ kind, alerts: [...alertIds].sort(), due: due - T0 }))
        .sort((a, b) => a.alerts.join().localeCompare(b.alerts.join()))
    }
    const claim = () => store.claim({ destinationKeys: ['mail'], limit: 10, leaseMs: 60_000 })

    it('alerts of one key are one delivery, which is due when its window ends', async () => {
      expect(await gather(['a1', 'a2'])).toBe('ok')
      clock.advance(60_000)
      expect(await gather(['a3'])).toBe('ok')
      expect(await gather(['b1'], { key: 'other' })).toBe('ok')
      expect(await rows()).toEqual([
        { kind: 'digest', alerts: ['a1', 'a2', 'a3'], due: HOUR_MS },
        { kind: 'digest', alerts: ['b1'], due: HOUR_MS + 60_000 },
      ])
      expect(await claim()).toEqual([])
    })

    it('a claim has all alerts and closes the digest, so that the next alert opens another one', async () => {
      await gather(['a1', 'a2'])
      clock.advance(HOUR_MS)
      const [claimed] = await claim()
      expect(claimed!.delivery.kind).toBe('digest')
      expect(claimed!.alerts.map(({ id }) => id).sort()).toEqual(['a1', 'a2'])
      await gather(['a3'])
      expect(await rows()).toEqual([
        { kind: 'digest', alerts: ['a1', 'a2'], due: HOUR_MS },
        { kind: 'digest', alerts: ['a3'], due: 2 * HOUR_MS },
      ])
    })

    it('a dead digest that is retried is not opened again', async () => {
      await gather(['a1'])
      clock.advance(HOUR_MS)
      const [claimed] = await claim()
      const { delivery, leaseToken } = claimed!
      const dead = { state: 'dead', attempt: null, reason: '400', fallbackDeliveries: [] } as const
      await store.recordOutcome(delivery.id, leaseToken, dead)
      expect(await store.retry({ ids: [delivery.id] })).toBe(1)
      await gather(['a2'])
      expect((await rows()).map(({ alerts }) => alerts)).toEqual([['a1'], ['a2']])
    })

    it('the first alerts of a window are sent alone if the rule says so', async () => {
      await gather(['a1', 'a2', 'a3', 'a4'], { after: 2 })
      expect((await rows()).map(({ kind, alerts }) => [kind, alerts])).toEqual([
        ['single', ['a1']],
        ['single', ['a2']],
        ['digest', ['a3', 'a4']],
      ])
      clock.advance(2 * HOUR_MS)
      await claim()
      await gather(['a5'], { after: 2 })
      expect((await store.deliveries({ alertId: 'a5', limit: 2 })).map(({ kind }) => kind)).toEqual([
        'single',
      ])
    })

    it('what follows a page is gathered as an update of it, and does not escalate', async () => {
      const ids = ['a1', 'a2', 'a3']
      const deliveries = ids.map((id) => gathered(id, { pages: true, after: 1 }))
      const escalations = ids.map((alertId) => ({
        alertId,
        destinationKey: 'mail',
        kind: 'step' as const,
        step: 0,
        unless: 'acknowledged' as const,
        afterMs: HOUR_MS,
        due: clock.now() + HOUR_MS,
      }))
      const alerts = ids.map((id) => alert(id, { groupKey: id }))
      await store.commit(plan({ alerts, deliveries, escalations }), nothing)
      const found = await store.deliveries({ limit: 9 })
      expect(
        found
          .map(({ kind, alertIds, remoteReference }) => [kind, [...alertIds].sort(), remoteReference])
          .sort(([a], [b]) => String(a).localeCompare(String(b))),
      ).toEqual([
        ['digest', ['a2', 'a3'], JSON.stringify(deliveryId('a1', 'mail'))],
        ['single', ['a1'], null],
      ])
      clock.advance(HOUR_MS)
      const claimed = await store.claimEscalations({ limit: 9, leaseMs: 1_000 })
      expect(claimed.map((each) => each.alert.id)).toEqual(['a1'])
    })

    it('an alert calls again when the page is lost or its window is over, and ends what was gathered', async () => {
      const page = { pages: true, after: 1 } as const
      await gather(['a1', 'a2'], page)
      const [claimed] = await claim()
      const { delivery, leaseToken } = claimed!
      expect(delivery.alertIds).toEqual(['a1'])
      const dead = { state: 'dead', attempt: null, reason: '400', fallbackDeliveries: [] } as const
      await store.recordOutcome(delivery.id, leaseToken, dead)
      await gather(['a3', 'a4'], page)
      clock.advance(HOUR_MS)
      await gather(['a5', 'a6'], page)
      expect((await rows()).map(({ kind, alerts }) => [kind, alerts])).toEqual([
        ['single', ['a1']],
        ['digest', ['a2']],
        ['single', ['a3']],
        ['digest', ['a4']],
        ['single', ['a5']],
        ['digest', ['a6']],
      ])
    })

    it('commits of a group at the same time make one page', async () => {
      const ids = Array.from({ length: 8 }, (_, i) => `a${i}`)
      await Promise.all(ids.map((id) => gather([id], { pages: true, after: 1 })))
      const sizes = (await rows()).map(({ kind, alerts }) => [kind, alerts.length])
      expect(sizes).toHaveLength(2)
      expect(sizes).toContainEqual(['digest', 7])
      expect(sizes).toContainEqual(['single', 1])
    })

    it('a plan that is written twice changes nothing', async () => {
      await gather(['a1', 'a2', 'a3'], { after: 1 })
      const before = await rows()
      const again = plan({ deliveries: ['a1', 'a2', 'a3'].map((id) => gathered(id, { after: 1 })) })
      await store.commit(again, nothing)
      expect(await rows()).toEqual(before)
    })

    it('a full digest is followed by another one', async () => {
      const ids = Array.from({ length: MAX_DIGEST_ALERTS + 1 }, (_, i) => `a${i}`)
      await gather(ids)
      const sizes = (await store.deliveries({ limit: 9 })).map(({ alertIds }) => alertIds.length)
      expect(sizes.sort((a, b) => a - b)).toEqual([1, MAX_DIGEST_ALERTS])
    })

    it('commits that gather at the same time make one digest', async () => {
      const ids = Array.from({ length: 8 }, (_, i) => `a${i}`)
      expect(await Promise.all(ids.map((id) => gather([id])))).toEqual(ids.map(() => 'ok'))
      expect((await rows()).map(({ alerts }) => alerts)).toEqual([ids])
    })

    it('a flush makes the open digests of one destination due now', async () => {
      await gather(['a1'])
      await gather(['a2'], { key: 'other' })
      expect(await store.flushDigests('unknown')).toBe(0)
      expect(await store.flushDigests('mail')).toBe(2)
      expect(await store.flushDigests('mail')).toBe(0)
      expect(await claim()).toHaveLength(2)
    })

    it('a restart does not send an open digest, and a clock that was set back does not hold it for longer', async () => {
      await gather(['a1'])
      await store.shiftDueDates(0)
      expect((await rows()).map(({ due }) => due)).toEqual([HOUR_MS])
      await gather(['a2'], { key: 'far', due: T0 + 5 * HOUR_MS })
      await store.shiftDueDates(0)
      const latest = (await rows()).map(({ due }) => due)
      expect(latest).toEqual(store.ownClock ? [HOUR_MS, 5 * HOUR_MS] : [HOUR_MS, HOUR_MS])
    })
  })
}

/** The contract of stores for retention: what can be removed, what stays, and that all of an alert goes at once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertStatus } from '../../src/model/alerts/alert-status.ts'
import type { RemovalKind, Store } from '../../src/store/store.ts'
import { alert, audit, delivered, delivery, expecting, plan, signal, T0 } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const nothing = expecting()
const DAY_MS = 86_400_000
const LATER = T0 + 10 * DAY_MS
/** Texts that PostgreSQL stores as escapes. */
const HOSTILE = 'a\u0000\ud800'

export function removalContract(open: () => Promise<OpenedStore>): void {
  describe('removals', () => {
    let store: Store
    beforeEach(async () => {
      ;({ store } = await open())
    })
    afterEach(() => store.close())

    const resolved = (over: Partial<AlertStatus> = {}): AlertStatus => ({
      version: 1,
      status: 'resolved',
      reason: 'fixed',
      assignee: '',
      changedAt: T0,
      changedBy: 'me',
      ...over,
    })
    const list = async (kind: RemovalKind, before = LATER, limit = 100) =>
      (await store.removals.list({ kind, before, limit })).ids
    const remove = (kind: RemovalKind, ids: readonly string[], before = LATER) =>
      store.removals.remove({ kind, ids, before, archive: null })
    const add = (id: string, status = resolved()) =>
      store.commit(plan({ alerts: [alert(id, { createdAt: T0, lastEventAt: T0, status })] }), nothing)
    const send = async (id: string, alertId: string) => {
      await store.commit(plan({ deliveries: [delivery(id, { alertId, createdAt: T0 })] }), nothing)
      const [claimed] = await store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 1_000 })
      await store.recordOutcome(id, claimed!.leaseToken, delivered)
    }

    it('list resolved alerts whose deliveries are done, the earliest first, in pages', async () => {
      await add('open', resolved({ status: 'open', reason: null }))
      for (const id of ['r1', 'r2', 'r3']) await add(id)
      await store.commit(plan({ deliveries: [delivery('d2', { alertId: 'r2', createdAt: T0 })] }), nothing)
      const first = await store.removals.list({ kind: 'alerts', before: LATER, limit: 2 })
      expect(first.ids).toEqual(['r1'])
      const rest = await store.removals.list({ kind: 'alerts', before: LATER, limit: 2, after: first.next! })
      expect(rest).toEqual({ ids: ['r3'], next: null })
    })

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['a later event', (id) => store.commit(plan({ merges: [merge(id)] }), nothing)],
      [
        'a later change of its status',
        (id) =>
          store.commit(
            plan({ statuses: [{ alertId: id, status: resolved({ version: 2, changedAt: LATER }) }] }),
            nothing,
          ),
      ],
      [
        'a later delivery',
        (id) =>
          store.commit(plan({ deliveries: [delivery('d', { alertId: id, createdAt: LATER })] }), nothing),
      ],
    ])('remove nothing of an alert with %s', async (_, change) => {
      await add('r1')
      await add('r2')
      expect(await list('alerts')).toEqual(['r1', 'r2'])
      await change('r1')
      expect(await list('alerts')).toEqual(['r2'])
      expect(await remove('alerts', ['r1', 'r2'])).toBe(false)
      expect((await store.alerts({ limit: 10 })).map(({ id }) => id).sort()).toEqual(['r1', 'r2'])
    })

    it('remove an alert with everything that belongs to it, and nothing of another one', async () => {
      for (const id of ['r1', 'r2']) {
        await add(id)
        await send(`d-${id}`, id)
        await store.commit(
          plan({
            handlings: [{ alertId: id, at: T0, steps: [] }],
            silenceHits: [{ silenceId: HOSTILE, alertId: id, at: T0 }],
            inhibitors: [{ key: HOSTILE, alertId: id, at: T0, until: LATER + DAY_MS }],
            divergences: [{ alertId: id, divergence: { at: T0, rowId: HOSTILE } }],
            signals: [signal(`s-${id}`, { alertId: id })],
          }),
          nothing,
        )
      }
      expect(await remove('alerts', ['r1'])).toBe(true)
      expect(await store.alert('r1')).toBeNull()
      expect(await store.attempts('d-r1')).toEqual([])
      expect(await store.handling('r1')).toEqual([])
      expect((await store.deliveries({ limit: 9 })).map(({ id }) => id)).toEqual(['d-r2'])
      expect((await store.findAlerts({ limit: 9 })).alerts.map(({ id }) => id)).toEqual(['r2'])
      expect((await store.silenceHits()).map(({ alerts }) => alerts)).toEqual([1])
      expect((await store.read({ inhibitors: [HOSTILE] })).inhibitors.get(HOSTILE)?.alertId).toBe('r2')
      expect(await store.signals({ limit: 9 })).toHaveLength(2)
      // The same alert can be created again, for example by a restored source.
      expect(await add('r1')).toBe('ok')
      expect(await store.deliveries({ alertId: 'r1', limit: 9 })).toEqual([])
    })

    it('remove the deliveries of an alert that stays', async () => {
      await add('r1')
      await send('d1', 'r1')
      expect(await list('deliveries')).toEqual(['r1'])
      expect(await remove('deliveries', ['r1'])).toBe(true)
      expect(await list('deliveries')).toEqual([])
      expect(await store.deliveries({ limit: 9 })).toEqual([])
      expect(await store.attempts('d1')).toEqual([])
      expect((await store.alert('r1'))?.status.status).toBe('resolved')
    })

    it('remove rows of the audit, except for those of alerts that are in the store', async () => {
      await add('r1')
      const at = (id: string, time = T0) => audit('commented', { at: time, subject: { kind: 'alert', id } })
      await store.commit(plan({ audits: [at('r1'), at('gone'), at('gone', LATER)] }), nothing)
      const ids = await list('audit')
      const rows = await store.audit({ limit: 20 })
      const gone = rows.filter(({ subject, at: time }) => subject.id === 'gone' && time === T0)
      expect(ids).toEqual(gone.map(({ seq }) => String(seq)))
      expect(await remove('audit', ids)).toBe(true)
      expect(await store.audit({ limit: 20 })).toHaveLength(rows.length - 1)
    })

    it('enter the file of the archive in the same transaction, and refuse it if another process was first', async () => {
      for (const id of ['r1', 'r2']) await add(id)
      const file = { name: '2026-01-01.jsonl.gz', bytes: 100, lines: 1, sha256: 'a'.repeat(64) }
      const into = (ids: readonly string[], previous: number, bytes: number) =>
        store.removals.remove({
          kind: 'alerts',
          ids,
          before: LATER,
          archive: { file: { ...file, bytes }, previous },
        })
      expect(await into(['r1'], 0, 100)).toBe(true)
      expect(await into(['r2'], 0, 200)).toBe(false)
      expect(await store.removals.archives()).toEqual([file])
      expect(await store.alert('r2')).not.toBeNull()
      expect(await into(['r2'], 100, 200)).toBe(true)
      expect(await into(['r2'], 200, 300)).toBe(false)
      expect(await store.removals.archives()).toEqual([{ ...file, bytes: 200 }])
    })

    const merge = (alertId: string) => ({ alertId, events: 1, lastEventAt: LATER, logTypes: [] })
  })
}

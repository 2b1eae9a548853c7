/** The contract of stores for the status of alerts and the audit. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AlertStatus, initialStatus } from '../../src/model/alerts/alert-status.ts'
import type { Store } from '../../src/store/store.ts'
import { readAlertStats } from '../../src/workspace/alerts/alert-stats.ts'
import { alert, audit, expecting, plan, T0 } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const nothing = expecting()

const acknowledged: AlertStatus = {
  version: 2,
  status: 'acknowledged',
  reason: null,
  assignee: 'ann',
  changedAt: T0 + 5,
  changedBy: 'ann@host',
}

export function statusContract(open: () => Promise<OpenedStore>): void {
  describe('the status of an alert', () => {
    let store: Store
    beforeEach(async () => {
      ;({ store } = await open())
      await store.commit(plan({ alerts: [alert('a1'), alert('a2', { severity: 'INFO' })] }), nothing)
    })
    afterEach(() => store.close())

    const change = (status: AlertStatus, parts: Parameters<typeof plan>[0] = {}) =>
      store.commit(plan({ ...parts, statuses: [{ alertId: 'a1', status }] }), nothing)
    const statusOf = async (id: string) => (await store.alert(id))!.status

    it('an alert has the status with which it was created', async () => {
      expect(await statusOf('a1')).toEqual(initialStatus('HIGH', T0))
      expect(await statusOf('a2')).toMatchObject({ status: 'resolved', reason: 'info', version: 1 })
    })

    it('a status is changed as a whole, together with its row of the audit', async () => {
      const row = audit('acknowledged', { note: 'on it', requestId: 'r1', origin: 'pager', before: 'open' })
      expect(await change(acknowledged, { audits: [row] })).toBe('ok')
      expect(await statusOf('a1')).toEqual(acknowledged)
      expect((await store.audit({ limit: 10 })).at(-1)).toEqual({ ...row, seq: 3 })
      const resolved: AlertStatus = { ...acknowledged, version: 3, status: 'resolved', reason: 'fixed' }
      expect(await change(resolved)).toBe('ok')
      expect(await statusOf('a1')).toEqual(resolved)
    })

    it('only one of two changes of the same version is written', async () => {
      const two = [acknowledged, { ...acknowledged, changedBy: 'bob' }].map((status, i) =>
        change(status, { audits: [audit('acknowledged', { actor: `actor ${i}` })] }),
      )
      expect(await Promise.all(two)).toEqual(['ok', 'conflict'])
      expect((await statusOf('a1')).changedBy).toBe('ann@host')
      expect((await store.audit({ limit: 10 })).map(({ actor }) => actor)).toEqual([
        'system',
        'system',
        'actor 0',
      ])
    })

    it('the status of an alert that does not exist cannot be changed', async () => {
      const unknown = plan({ statuses: [{ alertId: 'none', status: acknowledged }] })
      expect(await store.commit(unknown, nothing)).toBe('conflict')
    })

    it('a request is carried out once', async () => {
      const comment = plan({ audits: [audit('commented', { requestId: 'r1' })] })
      expect(await Promise.all([store.commit(comment, nothing), store.commit(comment, nothing)])).toEqual([
        'ok',
        'conflict',
      ])
      const without = plan({ audits: [audit('commented'), audit('commented')] })
      expect(await store.commit(without, nothing)).toBe('ok')
      expect(await store.audit({ requestId: 'r1', limit: 5 })).toHaveLength(1)
    })

    it('the audit begins with the creation of each alert, and is read by subject and behind a number', async () => {
      await store.commit(plan({ alerts: [alert('a1')], audits: [audit('commented')] }), nothing)
      const rows = await store.audit({ limit: 10 })
      expect(rows.map(({ seq, verb, subject, after }) => [seq, verb, subject.id, after])).toEqual([
        [1, 'created', 'a1', 'open'],
        [2, 'created', 'a2', 'resolved: info'],
        [3, 'commented', 'a1', ''],
      ])
      const a2 = { kind: 'alert', id: 'a2' } as const
      expect((await store.audit({ subject: a2, limit: 5 })).map(({ seq }) => seq)).toEqual([2])
      expect((await store.audit({ after: 1, limit: 1 })).map(({ seq }) => seq)).toEqual([2])
      const seqsBefore = async (before: number) =>
        (await store.audit({ before, newestFirst: true, limit: 1 })).map(({ seq }) => seq)
      expect([await seqsBefore(3), await seqsBefore(2), await seqsBefore(1)]).toEqual([[2], [1], []])
    })

    it('the verdicts and times of each detection are read in pages', async () => {
      const resolved = { ...acknowledged, version: 3, status: 'resolved', reason: 'false-positive' } as const
      await change(acknowledged, { audits: [audit('acknowledged', { at: T0 + 5 })] })
      await change(resolved, { audits: [audit('resolved', { at: T0 + 9 })] })
      expect(await readAlertStats(store, { since: T0, pageRows: 1 })).toEqual([
        {
          detection: 'Test.Rule',
          alerts: 2,
          resolved: 1,
          falsePositives: 1,
          falsePositiveShare: 1,
          medianAcknowledgeMs: 5,
          medianResolveMs: 9,
        },
      ])
    })
  })
}

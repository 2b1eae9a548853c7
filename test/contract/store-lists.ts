/** The contract of stores for lists and searches of alerts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertQuery, AlertRow, Store } from '../../src/store/store.ts'
import { alert, expecting, plan, T0 } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const nothing = expecting()

function tagged(id: string, tags: readonly string[], over: Partial<AlertRow>): AlertRow {
  return alert(id, {
    title: id,
    dedup: 'none',
    ...over,
    notification: JSON.stringify({ tags, text: '\0\ud800' }),
  })
}

const route = (...destinations: string[]): AlertRow['route'] => ({ ...alert('x').route, destinations })

const ALERTS = [
  tagged('a1', ['aws', 'MITRE.T1078'], {
    createdAt: T0,
    title: 'Root login from Ülm',
    detection: 'AWS.Root',
  }),
  tagged('a2', ['aws'], { createdAt: T0 + 2, severity: 'LOW', title: '100% of "disk_C:\\" used' }),
  tagged('a3', [], { createdAt: T0 + 1, severity: 'INFO', dedup: 'user-17', route: route('pager', 'mail') }),
  tagged('a4', ['x'], {
    createdAt: T0 + 2,
    detection: 'AWS.Root',
    severity: 'CRITICAL',
    route: route('pager'),
  }),
]

export function listsContract(open: () => Promise<OpenedStore>): void {
  describe('lists of alerts', () => {
    let store: Store
    beforeEach(async () => {
      ;({ store } = await open())
      await store.commit(plan({ alerts: ALERTS }), nothing)
    })
    afterEach(() => store.close())

    const ids = async (query: Omit<AlertQuery, 'limit'>) =>
      (await store.findAlerts({ limit: 10, ...query })).alerts.map(({ id }) => id).join(' ')

    const QUERIES: readonly [Omit<AlertQuery, 'limit'>, string][] = [
      [{}, 'a4 a2 a3 a1'],
      [{ text: 'ROOT' }, 'a4 a1'],
      [{ text: 'root login' }, 'a1'],
      [{ text: 'login root' }, ''],
      [{ text: 'Ülm' }, 'a1'],
      [{ text: '100%' }, 'a2'],
      [{ text: '"disk_C:\\"' }, 'a2'],
      [{ text: '%_%' }, ''],
      [{ text: 'R-1' }, 'a3'],
      [{ text: 't1078' }, 'a1'],
      [{ text: 'pager' }, ''],
      [{ text: 'root', severities: ['CRITICAL', 'LOW'] }, 'a4'],
      [{ text: 'root', until: T0 + 2 }, 'a1'],
      [{ tag: 'aws' }, 'a2 a1'],
      [{ tag: 'AWS' }, ''],
      [{ tag: 'x' }, 'a4'],
      [{ tag: 'aws', detection: 'AWS.Root' }, 'a1'],
      [{ destination: 'pager' }, 'a4 a3'],
      [{ destination: 'page' }, ''],
      [{ destination: 'pager', statuses: ['open'] }, 'a4'],
      [{ statuses: ['resolved'] }, 'a3'],
      [{ statuses: ['open', 'acknowledged'], severities: ['HIGH', 'CRITICAL'] }, 'a4 a1'],
      [{ statuses: [] }, ''],
      [{ severities: ['LOW', 'INFO'] }, 'a2 a3'],
      [{ detection: 'AWS.Root' }, 'a4 a1'],
      [{ detection: 'AWS.Root', severities: ['HIGH'] }, 'a1'],
      [{ detection: 'AWS.Roo' }, ''],
      [{ since: T0 + 1 }, 'a4 a2 a3'],
      [{ since: T0 + 1, until: T0 + 2 }, 'a3'],
      [{ assignee: '' }, ''],
    ]

    it('are filtered, also by texts that are not indexed yet', async () => {
      for (const [query, found] of QUERIES) expect([query, await ids(query)]).toEqual([query, found])
    })

    it('are the same when the texts are indexed', async () => {
      while ((await store.indexTexts(3)) > 0);
      for (const [query, found] of QUERIES) expect([query, await ids(query)]).toEqual([query, found])
    })

    it('find a new alert beside indexed ones', async () => {
      await store.indexTexts(10)
      await store.commit(plan({ alerts: [tagged('a5', ['aws'], { title: 'a root again' })] }), nothing)
      expect(await ids({ text: 'root' })).toBe('a4 a5 a1')
      expect(await ids({ tag: 'aws' })).toBe('a2 a5 a1')
    })

    it('are those that a silence hid', async () => {
      expect(await ids({ silenced: true })).toBe('')
      const silenceHits = ['a1', 'a4'].map((alertId) => ({ silenceId: 's', alertId, at: T0 }))
      await store.commit(plan({ silenceHits }), nothing)
      expect(await ids({ silenced: true })).toBe('a4 a1')
      expect(await ids({ silenced: false })).toBe('a4 a2 a3 a1')
      expect(await ids({ silenced: true, text: 'login' })).toBe('a1')
      expect(await ids({ silenced: true, severities: ['CRITICAL'] })).toBe('a4')
    })

    it('follow a change of the status', async () => {
      const status = { ...ALERTS[0]!.status, version: 2, status: 'acknowledged', assignee: 'Eve' } as const
      await store.commit(plan({ statuses: [{ alertId: 'a1', status }] }), nothing)
      expect(await ids({ statuses: ['acknowledged'] })).toBe('a1')
      expect(await ids({ statuses: ['open'], detection: 'AWS.Root' })).toBe('a4')
      expect(await ids({ assignee: 'Eve' })).toBe('a1')
      expect(await ids({ assignee: 'eve' })).toBe('')
      expect(await ids({ assignee: 'Eve', statuses: ['open'] })).toBe('')
      expect(await ids({ assignee: 'Eve', text: 'login' })).toBe('a1')
    })

    it.each<Omit<AlertQuery, 'limit'>>([{}, { tag: 'aws' }, { statuses: ['open'] }, { text: 'aws' }])(
      'come in pages, whatever is added meanwhile: %o',
      async (query) => {
        const whole = (await ids(query)).split(' ')
        const paged: string[] = []
        let before: string | null = null
        let added = 0
        do {
          const page = await store.findAlerts({ ...query, limit: 1, ...(before !== null && { before }) })
          paged.push(...page.alerts.map(({ id }) => id))
          before = page.next
          const newer = tagged(`new${added++}`, ['aws'], { createdAt: T0 + 100 })
          await store.commit(plan({ alerts: [newer] }), nothing)
        } while (before !== null)
        expect(paged).toEqual(whole)
      },
    )

    it('show alerts without their notification', async () => {
      const { alerts, next } = await store.findAlerts({ limit: 4, text: 'login' })
      const { notification: _, reference: __, groupKey: ___, divergences: ____, ...shown } = ALERTS[0]!
      expect({ alerts, next }).toEqual({ alerts: [shown], next: null })
    })

    it('an alert that is given again is listed once', async () => {
      await store.commit(plan({ alerts: [ALERTS[0]!] }), nothing)
      await store.indexTexts(10)
      expect(await ids({ text: 'login' })).toBe('a1')
      expect(await ids({})).toBe('a4 a2 a3 a1')
    })
  })
}

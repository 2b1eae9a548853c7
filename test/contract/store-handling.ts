/** The contract of stores for the handling of alerts and for silences. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HandlingStep } from '../../src/model/alerts/handling.ts'
import type { StoredSilence } from '../../src/model/alerts/silence.ts'
import type { StatusChange, Store } from '../../src/store/store.ts'
import { alert, audit, expecting, group, plan, T0 } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const nothing = expecting()
const hid: HandlingStep = {
  stage: 'silence',
  destination: 'soc',
  did: 'hid',
  by: 'patching',
  until: T0 + 9,
  reason: 'patching \0 \ud800 until later',
}

function silence(id: string, version = 1, over: Partial<StoredSilence['silence']> = {}): StoredSilence {
  return {
    version,
    createdAt: T0,
    createdBy: 'ann',
    silence: {
      id,
      from: T0,
      until: T0 + 1_000,
      reason: 'work \0',
      owner: 'ann',
      match: { title: ['*x*'] },
      except: null,
      destinations: null,
      ...over,
    },
  }
}

function resolved(alertId: string): StatusChange {
  const status = {
    version: 2,
    status: 'resolved',
    reason: 'fixed',
    assignee: '',
    changedAt: T0,
    changedBy: 'ann',
  } as const
  return { alertId, status }
}

export function handlingContract(open: () => Promise<OpenedStore>): void {
  describe('the handling of alerts', () => {
    let store: Store
    beforeEach(async () => {
      ;({ store } = await open())
      await store.commit(plan({ alerts: [alert('a1'), alert('a2'), alert('a3')] }), nothing)
    })
    afterEach(() => store.close())

    const rulesVersion = async () => (await store.read({ groups: [], limiters: [], seen: [] })).rulesVersion

    it('the decisions about an alert are kept in their order', async () => {
      const passed: HandlingStep = { stage: 'silence', did: 'passed', by: '', reason: 'none' }
      const first = { alertId: 'a1', at: T0, steps: [hid, passed] }
      await store.commit(plan({ handlings: [first, { alertId: 'a2', at: T0, steps: [passed] }] }), nothing)
      await store.commit(plan({ handlings: [{ alertId: 'a1', at: T0 + 5, steps: [passed] }] }), nothing)
      expect(await store.handling('a1')).toEqual([
        { at: T0, steps: [hid, passed] },
        { at: T0 + 5, steps: [passed] },
      ])
      expect(await store.handling('a3')).toEqual([])
    })

    it('one plan creates an alert together with its handling, and an alert that does not exist gets none', async () => {
      const handlings = [
        { alertId: 'new', at: T0, steps: [hid] },
        { alertId: 'none', at: T0, steps: [hid] },
      ]
      const silenceHits = ['new', 'none'].map((alertId) => ({ silenceId: 'patching', alertId, at: T0 }))
      expect(await store.commit(plan({ alerts: [alert('new')], handlings, silenceHits }), nothing)).toBe('ok')
      expect(await store.handling('new')).toHaveLength(1)
      expect(await store.handling('none')).toEqual([])
      expect(await store.silenceHits()).toEqual([{ silenceId: 'patching', alerts: 1, lastAt: T0 }])
    })

    it('what a silence hid is counted by alert, and alerts are listed by it', async () => {
      const hit = (silenceId: string, alertId: string, at: number) => ({ silenceId, alertId, at })
      await store.commit(
        plan({ silenceHits: [hit('one', 'a1', T0), hit('one', 'a2', T0 + 1), hit('two', 'a2', T0)] }),
        nothing,
      )
      await store.commit(plan({ silenceHits: [hit('one', 'a1', T0 + 7)] }), nothing)
      await store.commit(plan({ silenceHits: [hit('one', 'a1', T0 + 3)] }), nothing)
      expect(await store.silenceHits()).toEqual([
        { silenceId: 'one', alerts: 2, lastAt: T0 + 7 },
        { silenceId: 'two', alerts: 1, lastAt: T0 },
      ])
      const ids = async (filter: Partial<Parameters<Store['alerts']>[0]>) =>
        (await store.alerts({ limit: 10, ...filter })).map(({ id }) => id).sort()
      expect(await ids({ silenced: true })).toEqual(['a1', 'a2'])
      expect(await ids({ silencedBy: 'two' })).toEqual(['a2'])
      expect(await ids({ silenced: true, severity: 'LOW' })).toEqual([])
      expect(await ids({})).toHaveLength(3)
    })

    it('silences are written, changed, and listed until they end', async () => {
      const one = silence('s-1')
      const two = silence('s-2', 1, { until: T0 + 50 })
      expect(await store.commit(plan({ silences: [one, two] }), nothing)).toBe('ok')
      expect(await store.silences({ limit: 10 })).toEqual([one, two])
      expect(await store.silences({ endsAfter: T0 + 50, limit: 10 })).toEqual([one])
      const changed = silence('s-1', 2, { until: T0 + 10 })
      expect(await store.commit(plan({ silences: [changed], audits: [audit('expired')] }), nothing)).toBe(
        'ok',
      )
      expect(await store.silences({ limit: 10 })).toEqual([changed, two])
    })

    it('only one of two changes of the same silence is written', async () => {
      const both = [silence('s-1'), silence('s-1', 1, { owner: 'bob' })].map((each) =>
        store.commit(plan({ silences: [each] }), nothing),
      )
      expect((await Promise.all(both)).sort()).toEqual(['conflict', 'ok'])
      expect(await store.commit(plan({ silences: [silence('s-2', 2)] }), nothing)).toBe('conflict')
      expect(await store.silences({ limit: 10 })).toHaveLength(1)
    })

    it('the version of the rules rises with each change, and is compared only where a plan depends on it', async () => {
      const before = await rulesVersion()
      const refused = plan({ alerts: [alert('late')] })
      expect(await store.commit(plan({ silences: [silence('s-1')] }), { ...nothing, rules: before })).toBe(
        'ok',
      )
      expect(await rulesVersion()).not.toBe(before)
      expect(await store.commit(refused, { ...nothing, rules: before })).toBe('conflict')
      expect(await store.alert('late')).toBeNull()
      expect(await store.commit(refused, { ...nothing, rules: await rulesVersion() })).toBe('ok')
      expect(await store.commit(plan({ alerts: [alert('later')] }), nothing)).toBe('ok')
    })

    it('a change that was refused leaves the version of the rules', async () => {
      await store.commit(plan({ silences: [silence('s-1')] }), nothing)
      const before = await rulesVersion()
      expect(await store.commit(plan({ silences: [silence('s-1')] }), nothing)).toBe('conflict')
      expect(await rulesVersion()).toBe(before)
    })

    it('a group is compared also where a plan does not write it', async () => {
      await store.commit(plan({ groups: [group('g')] }), expecting({ g: 0 }))
      const merge = { alertId: 'a1', events: 1, lastEventAt: T0, logTypes: [] }
      expect(await store.commit(plan({ merges: [merge] }), expecting({ g: 1 }))).toBe('ok')
      expect(await store.commit(plan({ merges: [merge] }), expecting({ g: 1 }))).toBe('ok')
      await store.commit(plan({ groups: [group('g')] }), expecting({ g: 1 }))
      expect(await store.commit(plan({ merges: [merge] }), expecting({ g: 1 }))).toBe('conflict')
    })

    it('of the alerts of a key the one that hides others for the longest time is read', async () => {
      const inhibitor = (key: string, alertId: string, until: number) => ({ key, alertId, at: T0, until })
      const inhibitors = [
        inhibitor('k', 'a1', T0 + 500),
        inhibitor('k', 'a2', T0 + 900),
        inhibitor('other', 'a3', T0 + 5),
      ]
      await store.commit(plan({ inhibitors }), nothing)
      await store.commit(plan({ inhibitors: [inhibitor('k', 'a3', T0 + 700)] }), nothing)
      const read = async () => (await store.read({ inhibitors: ['k', 'none'] })).inhibitors
      expect(await read()).toEqual(new Map([['k', { alertId: 'a2', at: T0, until: T0 + 900 }]]))
      await store.commit(plan({ statuses: [resolved('a2')] }), nothing)
      expect(await read()).toEqual(new Map([['k', { alertId: 'a3', at: T0, until: T0 + 700 }]]))
    })

    it('a plan that was decided by other alerts of a key is a conflict', async () => {
      const first = { key: 'k', alertId: 'a1', at: T0, until: T0 + 500 }
      const read = (alertId: string | null) => ({ ...nothing, inhibitors: new Map([['k', alertId]]) })
      const commit = (alertId: string | null) =>
        store.commit(plan({ alerts: [alert('decided')] }), read(alertId))
      expect(await store.commit(plan({ inhibitors: [first] }), read(null))).toBe('ok')
      expect(await commit(null)).toBe('conflict')
      expect(await commit('a2')).toBe('conflict')
      expect(await commit('a1')).toBe('ok')
      await store.commit(plan({ statuses: [resolved('a1')] }), nothing)
      expect(await commit('a1')).toBe('conflict')
      expect(await commit(null)).toBe('ok')
    })
  })
}

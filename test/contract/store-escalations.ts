/** The contract of stores for escalations: claims, outcomes, and what a change of an alert's status does to the steps. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertStatus, StatusName } from '../../src/model/alerts/alert-status.ts'
import type { ClaimedEscalation, EscalationOutcome, NewEscalation, Store } from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import { alert, expecting, plan, T0 } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const nothing = expecting()
const LEASE_MS = 30_000
const MINUTE_MS = 60_000

function step(index: number, over: Partial<NewEscalation> = {}): NewEscalation {
  const afterMs = (index + 1) * 15 * MINUTE_MS
  return {
    alertId: 'a1',
    destinationKey: 'soc',
    kind: 'step',
    step: index,
    unless: 'acknowledged',
    afterMs,
    due: T0 + afterMs,
    ...over,
  }
}

const release: NewEscalation = {
  ...step(0),
  kind: 'release',
  unless: 'resolved',
  afterMs: MINUTE_MS,
  due: null,
}

function outcome(
  { escalation, leaseToken, alert: { status } }: ClaimedEscalation,
  over: Partial<EscalationOutcome> = {},
): EscalationOutcome {
  const { alertId, destinationKey, kind, step } = escalation
  const key = { alertId, destinationKey, kind, step }
  return { ...key, leaseToken, statusVersion: status.version, state: 'sent', reason: 'sent to b', ...over }
}

export function escalationContract(open: () => Promise<OpenedStore>): void {
  describe('escalations', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
      await store.commit(plan({ alerts: [alert('a1')] }), nothing)
    })
    afterEach(() => store.close())

    const goTo = (at: number) => clock.advance(at - clock.now())
    const add = (...escalations: NewEscalation[]) => store.commit(plan({ escalations }), nothing)
    const claim = (limit = 10) => store.claimEscalations({ limit, leaseMs: LEASE_MS })
    const record = (...escalationOutcomes: EscalationOutcome[]) =>
      store.commit(plan({ escalationOutcomes }), nothing)
    const states = async () =>
      (await store.escalations('a1')).map(({ state, due }) => [state, due && due - T0])
    const setStatus = async (status: StatusName, over: Partial<AlertStatus> = {}) => {
      const { status: before } = (await store.alert('a1'))!
      const reason = status === 'resolved' ? ('fixed' as const) : null
      const next = { ...before, status, reason, version: before.version + 1, changedBy: 'ann@host', ...over }
      return store.commit(plan({ statuses: [{ alertId: 'a1', status: next }] }), nothing)
    }

    it('steps are written with their alert, and once', async () => {
      const both = plan({ alerts: [alert('a2')], escalations: [step(0, { alertId: 'a2' })] })
      expect(await store.commit(both, nothing)).toBe('ok')
      expect(await store.commit(both, nothing)).toBe('ok')
      expect(await store.escalations('a2')).toEqual([
        { ...step(0, { alertId: 'a2' }), state: 'waiting', round: 0, reason: '' },
      ])
    })

    it('due steps are claimed under a lease, the earliest first, with their alert', async () => {
      await add(step(1), step(0), step(0, { destinationKey: 'mail', due: T0 + MINUTE_MS }))
      expect(await claim()).toEqual([])
      goTo(T0 + 15 * MINUTE_MS)
      const claimed = await claim(1)
      expect(claimed.map(({ escalation, alert: { id } }) => [escalation.destinationKey, id])).toEqual([
        ['mail', 'a1'],
      ])
      expect((await claim()).map(({ escalation }) => escalation.destinationKey)).toEqual(['soc'])
      expect(await claim()).toEqual([])
      goTo(T0 + 15 * MINUTE_MS + LEASE_MS)
      expect((await claim()).map(({ escalation }) => escalation.destinationKey)).toEqual(['mail', 'soc'])
    })

    it('an outcome counts only under its lease, and once', async () => {
      await add(step(0))
      goTo(T0 + 15 * MINUTE_MS)
      const [first] = await claim()
      goTo(T0 + 16 * MINUTE_MS)
      const [second] = await claim()
      expect(await record(outcome(first!))).toBe('conflict')
      expect(await Promise.all([record(outcome(second!)), record(outcome(second!))])).toEqual([
        'ok',
        'conflict',
      ])
      expect(await store.escalations('a1')).toMatchObject([{ state: 'sent', reason: 'sent to b' }])
      goTo(T0 + 60 * MINUTE_MS)
      expect(await claim()).toEqual([])
    })

    it('an outcome is a conflict when the status of its alert has changed, whatever the change is', async () => {
      await add(step(0, { unless: 'resolved' }))
      goTo(T0 + 15 * MINUTE_MS)
      const [claimed] = await claim()
      await setStatus('open', { assignee: 'ann' })
      expect(await record(outcome(claimed!))).toBe('conflict')
      expect(await states()).toEqual([['waiting', 15 * MINUTE_MS]])
    })

    it('an acknowledge ends the steps that wait for one, also one that is claimed', async () => {
      await add(step(0), step(1, { unless: 'resolved' }))
      goTo(T0 + 15 * MINUTE_MS)
      const [claimed] = await claim()
      expect(await setStatus('acknowledged')).toBe('ok')
      expect(await record(outcome(claimed!))).toBe('conflict')
      expect(await store.escalations('a1')).toMatchObject([
        { state: 'ended', reason: 'acknowledged by ann@host' },
        { state: 'waiting', reason: '' },
      ])
      await setStatus('resolved')
      expect(await store.escalations('a1')).toMatchObject([
        { state: 'ended' },
        { state: 'ended', reason: 'resolved: fixed by ann@host' },
      ])
    })

    it('an alert that is open again starts its steps again, and one that was assigned does not', async () => {
      await add(step(0), step(1))
      goTo(T0 + 15 * MINUTE_MS)
      const [claimed] = await claim()
      expect(await record(outcome(claimed!))).toBe('ok')
      await setStatus('open', { assignee: 'ann' })
      expect(await states()).toEqual([
        ['sent', 15 * MINUTE_MS],
        ['waiting', 30 * MINUTE_MS],
      ])
      await setStatus('acknowledged')
      goTo(T0 + 40 * MINUTE_MS)
      await setStatus('open')
      expect(await store.escalations('a1')).toMatchObject([
        { state: 'waiting', round: 1, due: T0 + 55 * MINUTE_MS, reason: '' },
        { state: 'waiting', round: 1, due: T0 + 70 * MINUTE_MS, reason: '' },
      ])
    })

    it('the release of an alert is due a while after its acknowledge, and not after a resolve', async () => {
      await add(release)
      goTo(T0 + 60 * MINUTE_MS)
      expect(await claim()).toEqual([])
      await setStatus('acknowledged')
      goTo(T0 + 61 * MINUTE_MS)
      const [claimed] = await claim()
      expect(claimed!.escalation).toMatchObject({ kind: 'release', due: T0 + 61 * MINUTE_MS })
      expect(await record(outcome(claimed!, { state: 'waiting', reason: '' }))).toBe('ok')
      expect(await states()).toEqual([['waiting', null]])
      await setStatus('open')
      await setStatus('acknowledged')
      await setStatus('resolved')
      goTo(T0 + 90 * MINUTE_MS)
      expect(await claim()).toEqual([])
    })

    it('steps are counted while they wait', async () => {
      await add(step(0), step(1), step(2), release)
      goTo(T0 + 15 * MINUTE_MS)
      const [claimed] = await claim()
      await record(outcome(claimed!))
      expect(await store.countWaitingSteps()).toBe(2)
    })
  })
}

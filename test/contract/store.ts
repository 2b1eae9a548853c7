/** The contract of stores: plans, versions and reads. The states of deliveries are in store-deliveries.ts. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type ChangedDestination,
  type CommitPlan,
  type DestinationState,
  type LimiterChange,
  NO_VERSION,
  type ReadKeys,
  type SignalFilter,
  type Store,
} from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import {
  alert,
  audit,
  commitCursor,
  delivery,
  expecting,
  group,
  limiter,
  plan,
  signal,
  T0,
} from '../support/store-rows.ts'
import { deliveryContract } from './store-deliveries.ts'
import { digestContract } from './store-digests.ts'
import { escalationContract } from './store-escalations.ts'
import { handlingContract } from './store-handling.ts'
import { limitsContract } from './store-limits.ts'
import { listsContract } from './store-lists.ts'
import { deliveryModelContract } from './store-model.ts'
import { partitionContract } from './store-partitions.ts'
import { removalContract } from './store-removals.ts'
import { statusContract } from './store-status.ts'

import { updateContract } from './store-updates.ts'

export interface OpenedStore {
  readonly store: Store
  readonly clock: ManualClock
}

const nothing = expecting()

export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} store`, () => {
    commitContract(open)
    readContract(open)
    deliveryContract(open)
    limitsContract(open)
    deliveryModelContract(open)
    statusContract(open)
    handlingContract(open)
    listsContract(open)
    updateContract(open)
    partitionContract(open)
    escalationContract(open)
    digestContract(open)
    removalContract(open)
  })
}

function commitContract(open: () => Promise<OpenedStore>): void {
  describe('commit', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
    })
    afterEach(() => store.close())
    const read = (keys: Partial<ReadKeys>) => store.read({ groups: [], limiters: [], seen: [], ...keys })

    it('keeps groups and limiters whole, and counts their versions from 1', async () => {
      const first = group('g1', { distinct: ['a', 'b'], alertId: 'a1', alertAt: T0 + 1.5, ordinal: 3 })
      const limit = limiter('Test.Rule', { created: 1000, mutedAt: T0 })
      const expected = expecting({ g1: 0 }, { 'Test.Rule': 0 })
      expect(await store.commit(plan({ groups: [first], limiters: [limit] }), expected)).toBe('ok')
      const state = await read({ groups: ['g1', 'g2'], limiters: ['Test.Rule', 'Other'] })
      expect([...state.groups]).toEqual([['g1', { value: first, version: 1 }]])
      expect([...state.limiters]).toEqual([['Test.Rule', { value: limit, version: 1 }]])
      expect(await store.commit(plan({ groups: [{ ...first, count: 2 }] }), expecting({ g1: 1 }))).toBe('ok')
      expect((await read({ groups: ['g1'] })).groups.get('g1')).toEqual({
        value: { ...first, count: 2 },
        version: 2,
      })
    })

    it('remembers ids and keys of any length', async () => {
      const long = (n: number) => `${n}${randomBytes(4_000).toString('base64')}`
      const [id, other, key] = [long(1), long(2), long(3)]
      const seen = [{ id, until: T0 + 60_000 }]
      const remembered = plan({ seen, kv: [{ key, value: '"kept"', expiresAt: null }] })
      expect(await store.commit(remembered, nothing)).toBe('ok')
      expect(await store.commit(plan({ seen }), nothing)).toBe('conflict')
      expect([...(await read({ seen: [other, id, 'short'] })).seen]).toEqual([id])
      expect([...(await store.kv([other, key]))]).toEqual([
        [key, { value: '"kept"', version: expect.any(String) }],
      ])
      await store.commit(plan({ kv: [{ key, value: null, expiresAt: null }] }), nothing)
      expect((await store.kv([key])).size).toBe(0)
    })

    it.each<[string, CommitPlan, ReturnType<typeof expecting>]>([
      ['a group that should not be there', plan({ groups: [group('g1')] }), expecting({ g1: 0 })],
      ['a group that should be there', plan({ groups: [group('g2')] }), expecting({ g2: 1 })],
      ['a group that moved on', plan({ groups: [group('g1')] }), expecting({ g1: 7 })],
      ['a group that was only read', plan({}), expecting({ g1: 0 })],
      ['a limiter that should not be there', plan({ limiters: [limiter('R')] }), expecting({}, { R: 0 })],
      ['a limiter that moved on', plan({ limiters: [limiter('R')] }), expecting({}, { R: 2 })],
      ['an id that was seen meanwhile', plan({ seen: [{ id: 'old', until: T0 + 9 }] }), nothing],
    ])('answers "conflict" to %s, and nothing of the plan is kept', async (_, conflicting, expected) => {
      await store.commit(
        plan({
          groups: [group('g1')],
          limiters: [limiter('R')],
          seen: [{ id: 'old', until: T0 + 1000 }],
        }),
        expecting({ g1: 0 }, { R: 0 }),
      )
      await commitCursor(store, 's', 'before')
      const held = await store.take('s')
      const before = await everything(store)
      const attempted: CommitPlan = {
        ...conflicting,
        seen: [{ id: 'new', until: T0 + 1000 }, ...conflicting.seen],
        cursors: [{ source: 's', cursor: 'after' }],
        alerts: [alert('a1')],
        deliveries: [delivery('d1')],
        signals: [signal('row-1')],
        kv: [{ key: 'k', value: '1', expiresAt: null }],
      }
      const cursors = new Map([['s', held]])
      expect(await store.commit(attempted, { ...expected, cursors })).toBe('conflict')
      expect(await everything(store)).toEqual(before)
    })

    it('keeps nothing of a plan that fails half-way, and its neighbours whole', async () => {
      const results = await Promise.allSettled([
        commitCursor(store, 'one', '1'),
        commitCursor(store, 'two', '2', { deliveries: [delivery('d', { alertId: 'none' })] }),
        commitCursor(store, 'three', '3'),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await Promise.all(['one', 'two', 'three'].map((source) => store.cursor(source)))).toEqual([
        '1',
        null,
        '3',
      ])
    })

    it('refuses to write a group that was not read', async () => {
      await expect(store.commit(plan({ groups: [group('g1')] }), nothing)).rejects.toThrow(
        /without having read/,
      )
    })

    it('moves a cursor together with the rest of the plan', async () => {
      expect(await store.cursor('file:a')).toBeNull()
      await commitCursor(store, 'file:a', '10')
      const held = [await store.take('file:a'), await store.take('file:b')]
      expect(held.map(({ cursor }) => cursor)).toEqual(['10', null])
      const cursors = [
        { source: 'file:a', cursor: '20' },
        { source: 'file:b', cursor: 'x' },
      ]
      expect(await store.commit(plan({ cursors }), expecting({}, {}, held))).toBe('ok')
      expect([await store.cursor('file:a'), await store.cursor('file:b')]).toEqual(['20', 'x'])
    })

    it('answers "fenced" to the previous owner of a source, and nothing of its plan is kept', async () => {
      await commitCursor(store, 's', 'before')
      const old = await store.take('s')
      const current = await store.take('s')
      const before = await everything(store)
      const late: CommitPlan = {
        ...plan({ alerts: [alert('a1')], signals: [signal('row-1')], deliveries: [delivery('d1')] }),
        groups: [group('g1')],
        seen: [{ id: 'new', until: T0 + 1000 }],
      }
      const expected = expecting({ g1: 0 }, {}, [old])
      const moved = { ...late, cursors: [{ source: 's', cursor: 'after' }] }
      for (const each of [late, moved]) expect(await store.commit(each, expected)).toBe('fenced')
      // A conflict would make the previous owner decide again.
      expect(await store.commit(moved, { ...expected, groups: new Map([['g1', 7]]) })).toBe('fenced')
      expect(await everything(store)).toEqual(before)
      expect(await store.commit(moved, expecting({ g1: 0 }, {}, [current]))).toBe('ok')
      expect(await store.cursor('s')).toBe('after')
    })

    it('raises the version of a cursor with each commit that moves it, for its owner alone', async () => {
      const held = await store.take('s')
      const commit = (version: number, cursors: CommitPlan['cursors'], owner = held.owner) =>
        store.commit(plan({ cursors }), expecting({}, {}, [{ ...held, owner, version }]))
      const { version } = held
      expect(await commit(version, [])).toBe('ok')
      expect(await commit(version, [{ source: 's', cursor: '1' }])).toBe('ok')
      expect(await commit(version, [{ source: 's', cursor: '2' }])).toBe('fenced')
      expect(await commit(version + 1, [{ source: 's', cursor: '2' }], 'another owner')).toBe('fenced')
      expect(await commit(version + 1, [{ source: 's', cursor: '2' }])).toBe('ok')
      expect(await store.cursor('s')).toBe('2')
    })

    it('refuses to move a cursor that was not taken', async () => {
      const moving = store.commit(plan({ cursors: [{ source: 's', cursor: '1' }] }), nothing)
      await expect(moving).rejects.toThrow(/without having taken it/)
      expect(await store.cursor('s')).toBeNull()
    })

    it('a seen id is known until its time, and not at it', async () => {
      await store.commit(plan({ seen: [{ id: 'a\u0000b', until: T0 + 1000 }] }), nothing)
      clock.advance(999)
      expect([...(await read({ seen: ['a\u0000b', 'a'] })).seen]).toEqual(['a\u0000b'])
      clock.advance(1)
      expect((await read({ seen: ['a\u0000b'] })).seen.size).toBe(0)
      const again = plan({ seen: [{ id: 'a\u0000b', until: T0 + 5000 }] })
      expect(await store.commit(again, nothing)).toBe('ok')
      expect((await read({ seen: ['a\u0000b'] })).seen.size).toBe(1)
    })

    it('an id that is twice in one plan counts once', async () => {
      const twice = [
        { id: 'x', until: T0 + 10 },
        { id: 'x', until: T0 + 10 },
      ]
      expect(await store.commit(plan({ seen: twice }), nothing)).toBe('ok')
    })

    it('leaves an alert and its delivery alone when the same event makes them again', async () => {
      const divergence = { at: T0, rowId: 'r0', severity: 'CRITICAL' as const }
      const first = alert('a1', { divergences: [divergence] })
      await store.commit(plan({ alerts: [first], deliveries: [delivery('d1')] }), nothing)
      const replayed = { ...first, title: 'other', events: 9 }
      await store.commit(
        plan({ alerts: [replayed], deliveries: [delivery('d1', { reason: 'other' })] }),
        nothing,
      )
      expect(await store.alert('a1')).toEqual(first)
      expect((await store.deliveries({ limit: 10 })).map((row) => row.reason)).toEqual([
        'static-destinations',
      ])
    })

    it('merges events into an alert, also one that the same plan creates, whatever its group is meanwhile', async () => {
      const [one, two] = [
        { at: T0 + 5, rowId: 'r2', severity: 'CRITICAL' as const },
        { at: T0 + 6, rowId: 'r3', destinations: ['pager'] },
      ]
      const merge = { alertId: 'a1', events: 2, lastEventAt: T0 + 5, logTypes: ['Okta.SystemLog'] }
      const divergences = [{ alertId: 'a1', divergence: one }]
      await store.commit(plan({ alerts: [alert('a1')], merges: [merge], divergences }), nothing)
      const late = {
        alertId: 'a1',
        events: 1,
        lastEventAt: T0 + 1,
        logTypes: ['Okta.SystemLog', 'AWS.CloudTrail'],
      }
      const unknown = { ...late, alertId: 'unknown' }
      const more = ['a1', 'unknown'].map((alertId) => ({ alertId, divergence: two }))
      await store.commit(plan({ merges: [late, unknown], divergences: more }), nothing)
      expect(await store.alert('a1')).toEqual(
        alert('a1', {
          events: 4,
          lastEventAt: T0 + 5,
          logTypes: ['AWS.CloudTrail', 'Okta.SystemLog'],
          divergences: [one, two],
        }),
      )
    })

    it('reads the events of the open alerts of groups', async () => {
      const groups = [group('g1', { alertId: 'a1', alertAt: T0 }), group('g2')]
      const expected = expecting({ g1: 0, g2: 0 })
      await store.commit(plan({ groups, alerts: [alert('a1', { events: 3 }), alert('a2')] }), expected)
      const state = await read({ groups: ['g1', 'g2', 'g3'] })
      expect([...state.alertEvents]).toEqual([['a1', 3]])
    })

    it('adds matches of a muted detection to the window in which they were decided, and raises its version', async () => {
      const added = { groupKey: 'g1', startedAt: T0, events: 2, lastEventAt: T0, logTypes: [] }
      const count = async () => (await read({ groups: ['g1'] })).groups.get('g1')
      expect(await store.commit(plan({ mutedMatches: [added] }), nothing)).toBe('ok')
      expect(await count()).toBeUndefined()
      await store.commit(plan({ groups: [group('g1')] }), expecting({ g1: 0 }))
      await store.commit(plan({ mutedMatches: [added] }), nothing)
      expect(await count()).toEqual({ value: group('g1', { count: 3 }), version: 2 })
      await store.commit(plan({ mutedMatches: [{ ...added, startedAt: T0 - 1 }] }), nothing)
      expect(await count()).toMatchObject({ value: { count: 3 }, version: 2 })
      const opened = group('g1', { count: 3, alertId: 'a1', alertAt: T0 })
      await store.commit(
        plan({ groups: [opened], alerts: [alert('a1', { events: 3 })] }),
        expecting({ g1: 2 }),
      )
      await store.commit(plan({ mutedMatches: [added] }), nothing)
      expect(await store.alert('a1')).toMatchObject({ events: 5 })
      expect(await count()).toEqual({ value: opened, version: 3 })
    })

    it('adds alerts to a limiter without a comparison, in the hour that is the latest', async () => {
      const change: LimiterChange = {
        detection: 'R',
        hourStartedAt: T0,
        previousHour: null,
        created: 2,
        mutedAt: null,
      }
      const stored = async () => (await read({ limiters: ['R'] })).limiters.get('R')?.value
      const apply = (over: Partial<LimiterChange>) =>
        store.commit(plan({ limiterChanges: [{ ...change, ...over }] }), nothing)
      await apply({})
      await apply({})
      expect(await stored()).toEqual(limiter('R', { created: 4 }))
      // Two plans begin a new hour.
      await apply({ hourStartedAt: T0 + 10, previousHour: T0 })
      await apply({ hourStartedAt: T0 + 11, previousHour: T0, created: 3 })
      expect(await stored()).toEqual(limiter('R', { hourStartedAt: T0 + 10, created: 5 }))
    })

    it('mutes a detection for one plan', async () => {
      const change = { detection: 'R', hourStartedAt: T0, previousHour: T0, created: 0, mutedAt: T0 + 1 }
      const mute = (at: number) =>
        store.commit(
          plan({ limiterChanges: [{ ...change, mutedAt: at }], signals: [signal('row-1')] }),
          nothing,
        )
      await store.commit(plan({ limiters: [limiter('R', { created: 1000 })] }), expecting({}, { R: 0 }))
      expect(await mute(T0 + 1)).toBe('ok')
      expect(await mute(T0 + 2)).toBe('conflict')
      expect(await store.signals({ limit: 5 })).toHaveLength(1)
      expect((await read({ limiters: ['R'] })).limiters.get('R')).toEqual({
        value: limiter('R', { created: 1000, mutedAt: T0 + 1 }),
        version: 2,
      })
    })

    it('counts each event once, however many decide at the same time', async () => {
      const count = async (event: string): Promise<void> => {
        const { groups, seen } = await read({ groups: ['g'], seen: [event] })
        if (seen.has(event)) return
        const before = groups.get('g')
        const next = group('g', { count: (before?.value.count ?? 0) + 1, first: null })
        const decided = plan({
          groups: [next],
          seen: [{ id: event, until: T0 + 1e6 }],
          signals: [signal(event)],
        })
        const answer = await store.commit(decided, expecting({ g: before?.version ?? 0 }))
        if (answer === 'conflict') return count(event)
      }
      const events = Array.from({ length: 60 }, (_, i) => `event ${i % 40}`)
      await Promise.all(events.map(count))
      expect((await read({ groups: ['g'] })).groups.get('g')).toMatchObject({
        version: 40,
        value: { count: 40 },
      })
      const counted = (await store.signals({ limit: 100 })).map((row) => row.rowId)
      expect(counted).toHaveLength(40)
      expect(new Set(counted)).toEqual(new Set(events))
    })
  })
}

function readContract(open: () => Promise<OpenedStore>): void {
  describe('reads', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
    })
    afterEach(() => store.close())

    it('lists alerts newest first, filtered and bounded', async () => {
      const alerts = [
        alert('a1', { createdAt: T0 }),
        alert('a2', { createdAt: T0 + 2, severity: 'LOW' }),
        alert('a3', { createdAt: T0 + 1, detection: 'Other' }),
        alert('a4', { createdAt: T0 + 1, severity: 'LOW' }),
      ]
      await store.commit(plan({ alerts }), nothing)
      const ids = async (filter: Partial<Parameters<Store['alerts']>[0]>) =>
        (await store.alerts({ limit: 10, ...filter })).map(({ id }) => id)
      expect(await ids({})).toEqual(['a2', 'a4', 'a3', 'a1'])
      expect(await ids({ limit: 2 })).toEqual(['a2', 'a4'])
      expect(await ids({ since: T0 + 1 })).toEqual(['a2', 'a4', 'a3'])
      expect(await ids({ severity: 'LOW' })).toEqual(['a2', 'a4'])
      expect(await ids({ detection: 'Test.Rule', severity: 'HIGH' })).toEqual(['a1'])
      const status = { ...alerts[0]!.status, version: 2, status: 'acknowledged', assignee: 'eve' } as const
      await store.commit(plan({ statuses: [{ alertId: 'a1', status }] }), nothing)
      expect(await ids({ status: 'acknowledged' })).toEqual(['a1'])
      expect(await ids({ status: 'open', severity: 'LOW' })).toEqual(['a2', 'a4'])
      expect(await ids({ assignee: 'eve' })).toEqual(['a1'])
      expect(await store.alert('a2')).toEqual(alerts[1])
      expect(await store.alert('none')).toBeNull()
    })

    it('finds signals by detection and by the time of their events, whenever they came', async () => {
      const rows = [
        signal('late', { detection: 'A', happenedAt: T0 - 10 }),
        signal('other', { detection: 'B' }),
        signal('c', { detection: "C'" }),
        signal('early', { detection: 'A', happenedAt: T0 - 20 }),
      ]
      for (const row of rows) await store.commit(plan({ signals: [row] }), nothing)
      const found = async (filter: Omit<SignalFilter, 'limit'>) =>
        (await store.signals({ ...filter, limit: 10 })).map(({ rowId }) => rowId)
      expect(await found({ detections: ['A', "C'", 'none'] })).toEqual(['late', 'c', 'early'])
      expect(await found({ detections: [] })).toEqual([])
      expect(await found({ happened: { from: T0 - 20, to: T0 - 10 } })).toEqual(['late', 'early'])
      expect(await found({ happened: { from: T0 - 19, to: T0 } })).toEqual(['late', 'other', 'c'])
      const latest = await store.signals({ detections: ['A', 'B'], latest: true, limit: 2 })
      expect(latest.map(({ rowId }) => rowId)).toEqual(['other', 'early'])
      const [first] = await store.signals({ limit: 1 })
      expect(await found({ detections: ['A'], after: first!.position })).toEqual(['early'])
      const upTo = (await store.signals({ limit: 2 })).at(-1)!.position
      expect(await found({ upTo })).toEqual(['late', 'other'])
      expect(await found({ upTo, happened: { from: T0 - 20, to: T0 } })).toEqual(['late', 'other'])
    })

    it('signals after a position are read in the order of their commits', async () => {
      await store.commit(plan({ signals: [signal('r1'), signal('r2', { alertId: 'a1' })] }), nothing)
      await store.commit(plan({ signals: [signal('r3')] }), nothing)
      const [first, ...rest] = await store.signals({ limit: 2 })
      expect(first).toEqual({ ...signal('r1'), id: first!.id, position: first!.position })
      const next = await store.signals({ after: rest.at(-1)!.position, limit: 10 })
      expect([...rest, ...next].map((row) => row.rowId)).toEqual(['r2', 'r3'])
      expect(await store.signals({ after: next.at(-1)!.position, limit: 10 })).toEqual([])
      const positions = (await store.signals({ limit: 10 })).map(({ position }) => position)
      expect(positions).toEqual([...new Set(positions)].sort())
    })

    it('the horizon of signals is behind every signal that was committed, and before every later one', async () => {
      const before = await store.signalHorizon()
      await store.commit(plan({ signals: [signal('r1')] }), nothing)
      const after = await store.signalHorizon()
      await store.commit(plan({ signals: [signal('r2')] }), nothing)
      const rows = async (range: Pick<SignalFilter, 'after' | 'upTo'>) =>
        (await store.signals({ ...range, limit: 10 })).map(({ rowId }) => rowId)
      expect(await rows({ upTo: before })).toEqual([])
      expect(await rows({ after: before, upTo: after })).toEqual(['r1'])
      expect(await rows({ after })).toEqual(['r2'])
    })

    it('has a time of its own, with which what expires is compared', async () => {
      const now = store.now()
      await store.commit(plan({ kv: [{ key: 'k', value: '1', expiresAt: now + 10 }] }), nothing)
      clock.advance(9)
      expect(store.now()).toBe(now + 9)
      expect((await store.kv(['k'])).size).toBe(1)
      clock.advance(1)
      expect(store.now()).toBe(now + 10)
      expect((await store.kv(['k'])).size).toBe(0)
    })

    it('keeps values until they expire or are removed', async () => {
      const kv = [
        { key: 'stays', value: '{"n":53.0}', expiresAt: null },
        { key: 'goes', value: '1', expiresAt: T0 + 10 },
        { key: 'removed', value: '2', expiresAt: null },
      ]
      await store.commit(plan({ kv }), nothing)
      await store.commit(plan({ kv: [{ key: 'removed', value: null, expiresAt: null }] }), nothing)
      const keys = ['stays', 'goes', 'removed', 'never']
      const both = [
        ['stays', '{"n":53.0}'],
        ['goes', '1'],
      ]
      const values = async () => [...(await store.kv(keys))].map(([key, { value }]) => [key, value])
      expect(await values()).toEqual(both)
      clock.advance(10)
      expect(await values()).toEqual(both.slice(0, 1))
    })

    describe('a plan that expects a version of a value', () => {
      const write = (
        value: string | null,
        version: string,
        expected: string,
        expiresAt: number | null = null,
      ) =>
        store.commit(plan({ kv: [{ key: 'k', value, expiresAt, version }], signals: [signal(version)] }), {
          ...nothing,
          items: new Map([['k', expected]]),
        })
      const valueNow = async () => (await store.kv(['k'])).get('k')
      const signals = async () => (await store.signals({ limit: 10 })).map(({ rowId }) => rowId)

      it('writes nothing if the value was written meanwhile', async () => {
        expect(await write('1', 'first', NO_VERSION)).toBe('ok')
        expect(await write('2', 'second', NO_VERSION)).toBe('conflict')
        expect(await write('3', 'third', 'first')).toBe('ok')
        expect(await write('4', 'fourth', 'first')).toBe('conflict')
        expect(await valueNow()).toEqual({ value: '3', version: 'third' })
        expect(await signals()).toEqual(['first', 'third'])
      })

      it('writes nothing if the value was removed meanwhile', async () => {
        await write('1', 'first', NO_VERSION)
        expect(await write(null, 'removal', 'first')).toBe('ok')
        expect(await write('2', 'second', 'first')).toBe('conflict')
        expect(await write('2', 'second', NO_VERSION)).toBe('ok')
      })

      it('writes nothing if the value has expired meanwhile', async () => {
        await write('1', 'first', NO_VERSION, clock.now() + 10)
        clock.advance(10)
        expect(await write('2', 'second', 'first')).toBe('conflict')
        expect(await write('2', 'second', NO_VERSION)).toBe('ok')
        expect(await valueNow()).toEqual({ value: '2', version: 'second' })
      })

      it('writes nothing if another plan inserts the value at the same time', async () => {
        const versions = ['one', 'two', 'three', 'four']
        const answers = await Promise.all(versions.map((version) => write('1', version, NO_VERSION)))
        expect(answers.toSorted()).toEqual(['conflict', 'conflict', 'conflict', 'ok'])
        expect((await valueNow())?.version).toBe(versions[answers.indexOf('ok')])
      })

      it('writes nothing if the value was only compared, and another one was to be written', async () => {
        await write('1', 'first', NO_VERSION)
        const beside = (expected: string) =>
          store.commit(plan({ kv: [{ key: 'other', value: '1', expiresAt: null }] }), {
            ...nothing,
            items: new Map([['k', expected]]),
          })
        expect(await beside('another')).toBe('conflict')
        expect((await store.kv(['other'])).size).toBe(0)
        expect(await beside('first')).toBe('ok')
      })

      it('finds a new version after each write', async () => {
        await store.commit(plan({ kv: [{ key: 'k', value: '1', expiresAt: null }] }), nothing)
        const before = await valueNow()
        await store.commit(plan({ kv: [{ key: 'k', value: '1', expiresAt: null }] }), nothing)
        expect((await valueNow())?.version).not.toBe(before?.version)
      })
    })

    it('applies each change of a destination to the state that the one before it has made', async () => {
      const { value: blank, version } = await store.destinationState('soc')
      expect({ blank, version }).toMatchObject({
        version: 0,
        blank: { pausedAt: null, failures: 0, tokens: null },
      })
      const fail = (state: DestinationState) => ({ ...state, failures: state.failures + 1 })
      const changes = await Promise.all(
        Array.from({ length: 40 }, () => store.changeDestinationState('soc', fail)),
      )
      const steps = changes.map(({ before, after }) => [before.failures, after.failures])
      expect(steps.sort(([a = 0], [b = 0]) => a - b)).toEqual(
        Array.from({ length: 40 }, (_, n) => [n, n + 1]),
      )
      expect((await store.destinationState('soc')).value).toEqual({ ...blank, failures: 40 })
    })

    it('gives the states before and after a change to the caller that has made it, and writes nothing else', async () => {
      const { value: blank } = await store.destinationState('soc')
      const paused = { ...blank, pausedAt: T0, pausedReason: '401', probeAt: T0 + 1, tokens: 0.25 }
      const pause = (state: DestinationState) => (state.pausedAt === null ? paused : state)
      const raced = await Promise.all([0, 1, 2].map(() => store.changeDestinationState('soc', pause)))
      expect(raced.filter(({ before, after }) => before !== after)).toEqual([
        { before: blank, after: paused },
      ])
      expect(await store.destinationState('soc')).toEqual({ value: paused, version: 1 })
      expect(await store.changeDestinationState('other', (state) => state)).toEqual({
        before: blank,
        after: blank,
      })
      expect((await store.destinationState('other')).version).toBe(0)
    })

    it('writes the audit of a change in the same transaction, once, and none for what changes nothing', async () => {
      const pause = (state: DestinationState) =>
        state.pausedAt === null ? { ...state, pausedAt: T0, pausedReason: '401' } : state
      const row = audit('paused', { subject: { kind: 'destination', id: 'soc' } })
      const auditOf = ({ before, after }: ChangedDestination) => ({
        ...row,
        before: String(before.pausedAt),
        after: after.pausedReason,
      })
      await Promise.all([0, 1, 2].map(() => store.changeDestinationState('soc', pause, auditOf)))
      await store.changeDestinationState(
        'soc',
        (state) => ({ ...state, failures: 1 }),
        () => null,
      )
      const rows = await store.audit({ subject: row.subject, limit: 10 })
      expect(rows).toEqual([{ ...row, seq: 1, before: 'null', after: '401' }])
      await store.commit(plan({ audits: [row] }), nothing)
      const seqs = (await store.audit({ limit: 10 })).map(({ seq }) => seq)
      expect(seqs).toEqual([1, 2])
      const broken = () => {
        throw new Error('no row')
      }
      const fail = store.changeDestinationState('soc', (state) => ({ ...state, failures: 2 }), broken)
      await expect(fail).rejects.toThrow('no row')
      expect((await store.destinationState('soc')).value.failures).toBe(1)
    })

    it('may be closed twice, and then refuses to write', async () => {
      const last = store.commit(plan({ signals: [signal('r1')] }), nothing)
      await store.close()
      await store.close()
      expect(await last).toBe('ok')
      await expect(store.take('s')).rejects.toThrow(/closed/)
    })
  })
}

/** All that a plan could have changed. */
async function everything(store: Store): Promise<unknown> {
  const state = await store.read({ groups: ['g1', 'g2'], limiters: ['R'], seen: ['old', 'new'] })
  return {
    groups: [...state.groups],
    limiters: [...state.limiters],
    seen: [...state.seen],
    cursor: await store.cursor('s'),
    alerts: await store.alerts({ limit: 10 }),
    deliveries: await store.deliveries({ limit: 10 }),
    signals: await store.signals({ limit: 10 }),
    kv: [...(await store.kv(['k']))],
  }
}

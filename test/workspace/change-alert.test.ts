/** Changes of alerts beside a daemon, over a real store. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { decideDedup } from '../../src/alerts/dedup.ts'
import type { AlertAct } from '../../src/alerts/status-change.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type Actor, changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'
import { alert, delivery, draft, expecting, group, plan, subscription, T0 } from '../support/store-rows.ts'

const ANN: Actor = { name: 'ann@host', via: 'cli' }
const FIXED: AlertAct = { verb: 'resolve', note: '', reason: 'fixed' }
const OPEN_GROUP = group('g1', { alertId: 'a1', alertAt: T0, ordinal: 4, first: null })
let store: Store
let clock: ManualClock

beforeEach(async () => {
  clock = manualClock(T0)
  store = await openStore('memory:', { clock, projectRoot: '.' })
  await store.reconcile({ knownKeys: ['soc'], renames: [], subscriptions: [subscription('soc')] })
  const rows = { alerts: [alert('a1')], deliveries: [delivery('d1')], groups: [OPEN_GROUP] }
  await store.commit(plan(rows), expecting({ g1: 0 }))
})
afterEach(() => store.close())

const change = (act: AlertAct, actor = ANN) => changeAlert(store, 'a1', act, actor, clock.now())
const groupRow = async () =>
  (await store.read({ groups: ['g1'], limiters: [], seen: [] })).groups.get('g1')?.value

it('an alert is acknowledged, commented, assigned, resolved and reopened, and the audit has each act', async () => {
  await change({ verb: 'acknowledge', note: 'on it' })
  await change({ verb: 'comment', note: 'a reboot' }, { name: 'bob', via: 'api', requestId: 'r1' })
  await change({ verb: 'assign', note: '', assignee: 'eve' })
  const resolved = await change(FIXED)
  expect(resolved).toMatchObject({ result: 'changed', status: { status: 'resolved', assignee: 'eve' } })
  await change({ verb: 'reopen', note: '' })
  const rows = await store.audit({ subject: { kind: 'alert', id: 'a1' }, limit: 10 })
  expect(
    rows.map(({ verb, before, after, note, actor, via }) => [verb, before, after, note, actor, via]),
  ).toEqual([
    ['created', '', 'open', '', 'system', 'system'],
    ['acknowledged', 'open', 'acknowledged', 'on it', 'ann@host', 'cli'],
    ['commented', 'acknowledged', 'acknowledged', 'a reboot', 'bob', 'api'],
    ['assigned', '', 'eve', '', 'ann@host', 'cli'],
    ['resolved', 'acknowledged', 'resolved: fixed', '', 'ann@host', 'cli'],
    ['reopened', 'resolved: fixed', 'open', '', 'ann@host', 'cli'],
  ])
  const [update] = await store.deliveries({ kind: 'update', limit: 5 })
  expect(update).toMatchObject({
    state: 'queued',
    update: { events: ['commented', 'reopened'], status: 'open' },
  })
})

it('a repeated act is written once, and a repeated request is carried out once', async () => {
  expect((await change({ verb: 'acknowledge', note: '' })).result).toBe('changed')
  expect((await change({ verb: 'acknowledge', note: '' })).result).toBe('unchanged')
  const hook = { name: 'slack:U1 (Eve)', via: 'hook:slack', requestId: 'event-1', origin: 'soc' }
  expect((await change(FIXED, hook)).result).toBe('changed')
  expect((await change({ verb: 'reopen', note: '' })).result).toBe('changed')
  expect(await change(FIXED, hook)).toMatchObject({ result: 'repeated', status: { status: 'open' } })
  expect(await store.audit({ limit: 10 })).toHaveLength(4)
  // The destination that reported the resolve gets no update of it.
  const updates = await store.deliveries({ kind: 'update', limit: 5 })
  expect(updates.map(({ update }) => update?.events)).toEqual([['reopened']])
})

it('with "fixed" the window of the group ends, so the next match is a new alert', async () => {
  await change(FIXED)
  const closed = await groupRow()
  const counted = { draft: draft(), unique: undefined, threshold: 1, windowMs: 3_600_000 }
  expect(decideDedup(closed, counted, clock.now()).action).toMatchObject({ kind: 'created' })
  expect(closed?.ordinal).toBe(4)
})

it('with "false-positive" the window runs on, and events are counted', async () => {
  await change({ verb: 'resolve', note: '', reason: 'false-positive' })
  expect(await groupRow()).toEqual(OPEN_GROUP)
})

it('the resolve of an earlier alert leaves the window of the next one alone', async () => {
  const next = { ...OPEN_GROUP, alertId: 'a2' }
  await store.commit(plan({ alerts: [alert('a2')], groups: [next] }), expecting({ g1: 1 }))
  await change(FIXED)
  expect(await groupRow()).toEqual(next)
})

it('acts of many at the same moment are all recorded', async () => {
  const people = Array.from({ length: 8 }, (_, i) => ({ name: `person ${i}`, via: 'api' }))
  await Promise.all(people.map((person) => change({ verb: 'acknowledge', note: '' }, person)))
  const rows = await store.audit({ subject: { kind: 'alert', id: 'a1' }, limit: 20 })
  expect(new Set(rows.map(({ actor }) => actor))).toEqual(
    new Set(['system', ...people.map(({ name }) => name)]),
  )
  expect((await store.alert('a1'))!.status).toMatchObject({ status: 'acknowledged', version: 9 })
})

it.each<[string, string, AlertAct, string]>([
  ['an alert that does not exist', 'none', FIXED, 'unknown-id'],
  ['a note that is too long', 'a1', { ...FIXED, note: 'x'.repeat(2_001) }, 'too-long'],
  ['an assignee that is too long', 'a1', { verb: 'assign', note: '', assignee: 'x'.repeat(65) }, 'too-long'],
])('%s is refused', async (_, id, act, code) => {
  await expect(changeAlert(store, id, act, ANN, T0)).rejects.toMatchObject({ code })
  expect(await store.audit({ limit: 5 })).toHaveLength(1)
})

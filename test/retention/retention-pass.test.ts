/** A pass of retention removes what has expired, and ends the dedup window of an alert before the alert is removed. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RetentionSettings } from '../../src/model/project/settings.ts'
import { directRemover } from '../../src/retention/direct-remover.ts'
import { countRemovable, runRetention } from '../../src/retention/retention-pass.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'
import { alert, expecting, group, plan } from '../support/store-rows.ts'

const DAY_MS = 86_400_000
const SETTINGS: RetentionSettings = {
  alertsMs: 30 * DAY_MS,
  deliveriesMs: null,
  auditMs: 30 * DAY_MS,
  maxBytes: null,
}

let store: Store
let clock: ManualClock
beforeEach(async () => {
  clock = manualClock()
  store = await openStore('memory:', { clock, projectRoot: '.' })
})
afterEach(() => store.close())

const add = async (ids: readonly string[], status: 'open' | 'resolved' = 'resolved') => {
  const at = clock.now()
  const reason = status === 'open' ? null : ('fixed' as const)
  const rest = { version: 1, assignee: '', changedAt: at, changedBy: 'me' }
  const alerts = ids.map((id) =>
    alert(id, { createdAt: at, lastEventAt: at, groupKey: `g-${id}`, status: { ...rest, status, reason } }),
  )
  await store.commit(plan({ alerts }), expecting())
}
const run = (settings: Partial<RetentionSettings> = {}) =>
  runRetention(
    { ...SETTINGS, ...settings },
    { store, remover: directRemover(store), now: () => clock.now(), pause: async () => true },
  )
const ids = async () => (await store.alerts({ limit: 1_000 })).map(({ id }) => id).sort()

it('removes alerts of more than one step, and keeps open and recent ones', async () => {
  const old = Array.from({ length: 120 }, (_, i) => `old${i}`)
  await add(old)
  await add(['open'], 'open')
  clock.advance(31 * DAY_MS)
  await add(['recent'])
  expect((await countRemovable(SETTINGS, store, clock.now())).alerts).toBe(120)
  expect((await run()).removed.alerts).toBe(120)
  expect(await ids()).toEqual(['open', 'recent'])
  expect((await countRemovable(SETTINGS, store, clock.now())).alerts).toBe(0)
})

it('ends the dedup window in one pass, removes the alert in the next, and keeps the number of alerts of the group', async () => {
  await add(['a1'])
  const open = group('g-a1', { alertId: 'a1', alertAt: clock.now(), ordinal: 7 })
  await store.commit(plan({ groups: [open] }), expecting({ 'g-a1': 0 }))
  clock.advance(31 * DAY_MS)
  expect(await run()).toMatchObject({ closed: 1, removed: { alerts: 0 } })
  expect(await ids()).toEqual(['a1'])
  expect(await run()).toMatchObject({ closed: 0, removed: { alerts: 1 } })
  expect(await ids()).toEqual([])
  const kept = (await store.read({ groups: ['g-a1'] })).groups.get('g-a1')!.value
  expect(kept).toMatchObject({ ordinal: 7, alertId: null })
})

it('removes the oldest alerts while the store is too large, but nothing of the last day', async () => {
  await add(Array.from({ length: 100 }, (_, i) => `a${i}`))
  clock.advance(DAY_MS + 1)
  await add(['today'])
  const full = (await store.removals.usedBytes())!
  await run({ alertsMs: null, auditMs: null, maxBytes: full })
  expect(await ids()).toHaveLength(101)
  await run({ alertsMs: null, auditMs: null, maxBytes: 1 })
  expect(await ids()).toEqual(['today'])
  expect((await store.removals.usedBytes())!).toBeLessThan(full)
})

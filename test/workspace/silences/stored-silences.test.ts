import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { listAllSilences, previewSilences } from '../../../src/workspace/silences/silence-list.ts'
import {
  addSilence,
  expireSilence,
  extendSilence,
  type SilenceRequest,
} from '../../../src/workspace/silences/stored-silences.ts'
import { manualClock } from '../../support/clock.ts'
import { silence } from '../../support/silences.ts'
import { alert, expecting, plan, T0 } from '../../support/store-rows.ts'

const HOUR_MS = 3_600_000
const ann = { name: 'ann', via: 'cli' }
const request: SilenceRequest = {
  until: T0 + HOUR_MS,
  reason: 'patching',
  owner: 'platform',
  match: { detections: ['A.*'], severities: ['LOW'] },
  except: null,
  destinations: null,
  everything: false,
  critical: false,
}

let store: Store
beforeEach(async () => {
  store = await openStore('memory:', { clock: manualClock(T0), projectRoot: '.' })
})
afterEach(() => store.close())

const auditRows = async () =>
  (await store.audit({ limit: 20 })).map(({ actor, verb, subject, after }) => [
    actor,
    verb,
    subject.kind,
    after,
  ])

describe('a silence of the store', () => {
  it('is added from now on, extended and expired, each with a row of the audit', async () => {
    const { silence: added } = await addSilence(store, request, ann, T0)
    expect(added).toMatchObject({ from: T0, until: T0 + HOUR_MS, owner: 'platform' })
    expect(added.id).toMatch(/^s-[0-9a-f]{8}$/)
    await extendSilence(store, added.id, 2 * HOUR_MS, { ...ann, name: 'bob' }, T0 + 5)
    await expireSilence(store, added.id, ann, T0 + 7)
    expect((await store.silences({ limit: 5 })).map((each) => [each.silence.until, each.version])).toEqual([
      [T0 + 7, 3],
    ])
    expect(await auditRows()).toEqual([
      ['ann', 'created', 'silence', new Date(T0 + HOUR_MS).toISOString()],
      ['bob', 'extended', 'silence', new Date(T0 + 5 + 2 * HOUR_MS).toISOString()],
      ['ann', 'expired', 'silence', new Date(T0 + 7).toISOString()],
    ])
  })

  it('that has ended cannot be revived', async () => {
    const { silence: added } = await addSilence(store, request, ann, T0)
    await expireSilence(store, added.id, ann, T0 + 7)
    await expect(extendSilence(store, added.id, HOUR_MS, ann, T0 + 7)).rejects.toThrow(
      'no silence of the store is in force',
    )
    await expect(expireSilence(store, added.id, ann, T0 + 8)).rejects.toThrow('is in force')
  })

  it('is changed by both of two people at the same time, one after the other', async () => {
    const { silence: added } = await addSilence(store, request, ann, T0)
    await Promise.all([
      extendSilence(store, added.id, 2 * HOUR_MS, ann, T0),
      extendSilence(store, added.id, 3 * HOUR_MS, ann, T0),
    ])
    expect(await store.silences({ limit: 5 })).toMatchObject([
      { version: 3, silence: { until: T0 + 3 * HOUR_MS } },
    ])
  })

  it.each<[string, Partial<SilenceRequest>, RegExp]>([
    ['without a reason', { reason: ' ' }, /requires reason/],
    ['that has ended already', { until: T0 }, /not in the future/],
    ['that ends too late', { until: T0 + 91 * 24 * HOUR_MS }, /more than 90 days/],
    ['that can hide everything', { match: {} }, /every alert/],
    ['that can hide CRITICAL', { match: { detections: ['A'] } }, /severity CRITICAL/],
  ])('%s is refused', async (_, over, message) => {
    await expect(addSilence(store, { ...request, ...over }, ann, T0)).rejects.toThrow(message)
    expect(await store.silences({ limit: 5 })).toEqual([])
  })

  it('of the file is not changed by a command', async () => {
    await expect(expireSilence(store, 'patching', ann, T0)).rejects.toThrow('no silence of the store')
  })

  it('is refused if there are too many', async () => {
    const silences = Array.from({ length: 1_000 }, (_, i) => ({
      silence: silence(`s-${i}`, { until: T0 + 1 }),
      version: 1,
      createdAt: T0,
      createdBy: 'ann',
    }))
    await store.commit(plan({ silences }), expecting())
    await expect(addSilence(store, request, ann, T0)).rejects.toThrow('has 1000 silences')
    await addSilence(store, request, ann, T0 + 1)
  })
})

describe('the list of silences', () => {
  it('has those of the file and of the store with their states and what they hid', async () => {
    await store.commit(
      plan({ alerts: [alert('a1')], silenceHits: [{ silenceId: 'old', alertId: 'a1', at: T0 }] }),
      expecting(),
    )
    const declared = [
      silence('old', { until: T0 - 5 }),
      silence('older', { until: T0 - 50 }),
      silence('later', { from: T0 + 5 }),
    ]
    const { silence: added } = await addSilence(store, request, ann, T0)
    const listed = await listAllSilences(store, declared, { now: T0, endsAfter: T0 - 10 })
    expect(
      listed.map(({ silence: { id }, origin, state, alerts, lastAt, createdBy }) => [
        id,
        origin,
        state,
        alerts,
        lastAt,
        createdBy,
      ]),
    ).toEqual([
      ['old', 'file', 'ended', 1, T0, null],
      ['later', 'file', 'planned', 0, null, null],
      [added.id, 'store', 'active', 0, null, 'ann'],
    ])
  })

  it('a preview has the stored alerts that silences match, the severest first', () => {
    const notification = (tags: string[], alertContext: object) => JSON.stringify({ tags, alertContext })
    const alerts = [
      alert('low', { severity: 'LOW', notification: notification(['x'], { host: 'web-1' }) }),
      alert('high', { severity: 'HIGH', notification: notification(['x'], { host: 'web-2' }) }),
      alert('other', { severity: 'HIGH', notification: notification(['x'], { host: 'db-1' }) }),
    ]
    const found = previewSilences(
      [silence('s', { match: { tags: ['x'], context: { host: ['web-*'] } } })],
      alerts,
    )
    expect(found.map((each) => [each.alert.id, each.silence.id])).toEqual([
      ['high', 's'],
      ['low', 's'],
    ])
  })
})

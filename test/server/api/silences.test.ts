/** Silences and routes in the API. */
import { expect, it } from 'vitest'
import { EMPTY_PLAN, NOTHING_EXPECTED } from '../../../src/store/store.ts'
import { alert, T0 } from '../../support/store-rows.ts'
import { apiFixture } from './api-fixture.ts'

const LOW = { match: { severities: ['LOW'] }, for: 3_600, reason: 'Kernel patching' }

it('a silence is added, listed, extended and expired in the name of the token', async () => {
  const { ask, post, store } = await apiFixture()
  const added = await post('/silences', { ...LOW, destinations: ['soc'] })
  expect(added.json).toMatchObject({ state: 'active', origin: 'store', owner: 'the-operator', alerts: 0 })
  const { id, until } = added.json
  expect((await ask('/silences')).json.silences).toEqual([added.json])
  expect((await ask(`/silences/${id}`)).json).toEqual(added.json)
  const extended = await post(`/silences/${id}/extend`, { for: 7_200 })
  expect(Date.parse(extended.json.until) - Date.parse(until)).toBe(3_600_000)
  expect((await post(`/silences/${id}/expire`)).json).toMatchObject({ state: 'ended' })
  expect((await ask('/silences')).json.silences).toEqual([])
  expect((await ask('/silences?ended=60')).json.silences).toMatchObject([{ id }])
  const rows = await store.audit({ subject: { kind: 'silence', id }, limit: 10 })
  expect(rows.map(({ verb, actor, via }) => [verb, actor, via])).toEqual(
    ['created', 'extended', 'expired'].map((verb) => [verb, 'the-operator', 'api']),
  )
})

it('with an Idempotency-Key a silence is added once, and the answer is the same', async () => {
  const { ask, post } = await apiFixture()
  const key = { 'idempotency-key': 'k' }
  const first = await post('/silences', LOW, key)
  expect((await post('/silences', LOW, key)).json).toEqual(first.json)
  expect((await ask('/silences')).json.silences).toHaveLength(1)
})

it.each([
  ['hides everything', { ...LOW, match: {} }, 'invalid-silence'],
  ['can hide CRITICAL', { ...LOW, match: { title: ['a*'] } }, 'invalid-silence'],
  ['has an unknown key', { ...LOW, match: { regex: ['x'] } }, 'invalid-request'],
  ['is too long', { ...LOW, for: 91 * 86_400 }, 'invalid-request'],
  ['is blank in its reason', { ...LOW, reason: ' ' }, 'invalid-silence'],
  ['names no destination that exists', { ...LOW, destinations: ['nowhere'] }, 'unknown-destination'],
])('a silence that %s is refused', async (_what, body, code) => {
  const { ask, post } = await apiFixture()
  expect((await post('/silences', body)).json).toMatchObject({ code })
  expect((await ask('/silences')).json.silences).toEqual([])
})

it('a viewer adds, ends and previews none', async () => {
  const { post } = await apiFixture()
  for (const path of ['/silences', '/silences/s-1/expire', '/silences/preview'])
    expect((await post(path, LOW, {}, 'viewer')).status).toBe(403)
})

it('a preview shows the alerts that it would have hidden, and changes nothing', async () => {
  const alerts = [
    alert('a1', { createdAt: T0, severity: 'LOW' }),
    alert('a2', { createdAt: T0 + 1, severity: 'HIGH' }),
  ]
  const { ask, post } = await apiFixture(alerts)
  const { json } = await post('/silences/preview', { match: { severities: ['LOW'] } })
  expect(json).toMatchObject({ looked: 2, hidden: 1, alerts: [{ id: 'a1' }] })
  expect((await ask('/silences')).json.silences).toEqual([])
})

it('alerts are listed by the silence that hid them', async () => {
  const { ask, store } = await apiFixture([alert('a1'), alert('a2')])
  const silenceHits = [{ silenceId: 's-1', alertId: 'a2', at: T0 }]
  await store.commit({ ...EMPTY_PLAN, silenceHits }, NOTHING_EXPECTED)
  expect((await ask('/alerts?silencedBy=s-1')).json.alerts).toMatchObject([{ id: 'a2' }])
  expect((await ask('/alerts?silencedBy=s-2')).json.alerts).toEqual([])
})

it('routes say where each detection goes, and what only a run can show', async () => {
  const { ask } = await apiFixture()
  expect((await ask('/routes')).json).toEqual({
    routes: [
      {
        detection: 'X',
        logTypes: ['L'],
        severity: 'HIGH',
        level: null,
        destinations: [],
        suppressed: false,
        evidence: 'unknown',
      },
    ],
    silent: [{ detection: 'Y', reason: 'it is disabled' }],
  })
})

it('an id of more than 100 characters is an id', async () => {
  const id = 'a'.repeat(200)
  const { ask } = await apiFixture([alert(id)])
  expect((await ask(`/alerts/${id}`)).json).toMatchObject({ id })
})

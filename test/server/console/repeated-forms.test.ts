/** Forms that are sent twice, and acts while the store is away. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createOperatorActs } from '../../../src/daemon/access/operator-acts.ts'
import { createSilenceActs } from '../../../src/daemon/access/silence-acts.ts'
import { createConsoleActs } from '../../../src/daemon/console/console-acts.ts'
import { NO_RULES } from '../../../src/server/access/access.ts'
import { ALERT_IDS } from '../../support/console-alerts.ts'
import { openConsole } from '../../support/console-server.ts'

const ALERT = ALERT_IDS['Example.Okta.MFAFactorReset']!
let reason: string | null = null
let server: Awaited<ReturnType<typeof openConsole>>
beforeAll(async () => {
  server = await openConsole({ rules: NO_RULES, ports: { unavailable: () => reason } })
})
afterAll(() => server.close())

/** The hidden fields that the forms of a page carry. */
async function hiddenFields(path: string): Promise<Record<string, string>> {
  const text = await (await fetch(server.url + path)).text()
  const hiddenValue = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(text)![1]!
  return { _token: hiddenValue('_token'), _form: hiddenValue('_form') }
}

const post = (path: string, fields: Record<string, string>) =>
  fetch(server.url + path, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })

async function historyOf(kind: 'alert' | 'destination', id: string) {
  const rows = await server.store.audit({ subject: { kind, id }, limit: 100 })
  return rows.map(({ verb, note }) => [verb, note])
}

it('a form that a double click sends twice acts once, and both answers say the same', async () => {
  const fields = { ...(await hiddenFields(`/alerts/${ALERT}`)), note: 'seen' }
  const before = await historyOf('alert', ALERT)
  const answers = await Promise.all([1, 2].map(() => post(`/alerts/${ALERT}/comment`, fields)))
  expect(new Set(answers.map((answer) => answer.headers.get('set-cookie'))).size).toBe(1)
  expect(await historyOf('alert', ALERT)).toEqual([...before, ['commented', 'seen']])
})

it('the same page sends another text, and a page that is loaded again the same text', async () => {
  const before = await historyOf('alert', ALERT)
  const fields = await hiddenFields(`/alerts/${ALERT}`)
  await post(`/alerts/${ALERT}/comment`, { ...fields, note: 'one' })
  await post(`/alerts/${ALERT}/comment`, { ...fields, note: 'two' })
  await post(`/alerts/${ALERT}/comment`, { ...(await hiddenFields(`/alerts/${ALERT}`)), note: 'two' })
  expect(await historyOf('alert', ALERT)).toEqual([
    ...before,
    ['commented', 'one'],
    ['commented', 'two'],
    ['commented', 'two'],
  ])
})

it('a form that another daemon has carried out already is not carried out again', async () => {
  let sent = 0
  const acts = createConsoleActs(
    createOperatorActs({
      store: server.store,
      project: () => ({ registry: { destinations: [], fallback: [] } }) as never,
      wake: () => sent++,
      sendTest: async () => {
        throw new Error('not a part of this test')
      },
    }),
    createSilenceActs({ store: server.store, project: () => ({}) as never }),
  )
  const [dead] = await server.store.deliveries({ states: ['dead'], limit: 1 })
  const by = { name: 'ada', requestId: 'console:form' }
  const said = { ok: true, sentence: 'Retrying 1 delivery.' }
  expect(await acts.retryDeliveries([dead!.id], by)).toEqual(said)
  expect(await acts.retryDeliveries([dead!.id], by)).toEqual(said)
  expect(await acts.retryDeliveries([dead!.id], { ...by, requestId: 'console:other' })).toMatchObject({
    ok: false,
  })
  expect(sent).toBe(1)
})

it('a test of a destination is in its history, and its form sends one', async () => {
  const fields = { ...(await hiddenFields('/destinations')), back: '/destinations' }
  await Promise.all([1, 2].map(() => post('/destinations/console/test', fields)))
  expect(await historyOf('destination', 'console')).toEqual([['tested', '']])
})

it('while the store is away an act says so, and changes nothing', async () => {
  const fields = { ...(await hiddenFields(`/alerts/${ALERT}`)), note: 'lost' }
  const before = await historyOf('alert', ALERT)
  reason = 'connection refused'
  const answer = await post(`/alerts/${ALERT}/comment`, fields)
  reason = null
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('5')
  expect(await answer.text()).toContain(
    'The store cannot be reached: connection refused. Nothing was changed.',
  )
  expect(await historyOf('alert', ALERT)).toEqual(before)
})

/** The HTTP API: reads, acts, conditions, limits, and what a hostile client sends. */
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { alert, audit, delivery, expecting, plan, T0 } from '../../support/store-rows.ts'
import { until } from '../../support/until.ts'
import { apiFixture } from './api-fixture.ts'

const ALERTS = [
  alert('a1', { createdAt: T0, title: 'Root login' }),
  alert('a2', { createdAt: T0 + 1, severity: 'LOW', title: 'Login of anna' }),
  alert('a3', { createdAt: T0 + 2, title: 'Bucket made public' }),
]

describe('reads', () => {
  it('list and search alerts in pages', async () => {
    const { ask } = await apiFixture(ALERTS)
    const list = async (query: string) => (await ask(`/alerts${query}`)).json
    const ids = async (query: string) => (await list(query)).alerts.map(({ id }: { id: string }) => id)
    expect(await ids('')).toEqual(['a3', 'a2', 'a1'])
    expect(await ids('?q=login')).toEqual(['a2', 'a1'])
    expect(await ids('?q=login&severity=LOW')).toEqual(['a2'])
    expect(await ids('?severity=LOW&severity=HIGH&status=open&limit=2')).toEqual(['a3', 'a2'])
    expect(
      await ids(`?since=${new Date(T0 + 1).toISOString()}&until=${new Date(T0 + 2).toISOString()}`),
    ).toEqual(['a2'])
    const first = await list('?limit=2')
    const second = await list(`?limit=2&cursor=${first.next}`)
    expect([first.next, second.alerts.length, second.next]).toEqual([expect.any(String), 1, null])
  })

  it('show an alert, its history and its deliveries', async () => {
    const { ask, store } = await apiFixture(ALERTS)
    await store.commit(plan({ deliveries: [delivery('d1', { alertId: 'a1' })] }), expecting())
    const shown = await ask('/alerts/a1')
    expect(shown.headers.get('etag')).toBe('"1"')
    expect(shown.json).toMatchObject({
      id: 'a1',
      status: 'open',
      version: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
    })
    expect(shown.json.notification).toBeUndefined()
    expect((await ask('/alerts/a1?include=notification')).json.notification).toBe(ALERTS[0]!.notification)
    expect((await ask('/alerts/a1/audit')).json.audit).toMatchObject([{ verb: 'created', actor: 'system' }])
    expect((await ask('/alerts/a1/deliveries')).json.deliveries).toMatchObject([{ id: 'd1', history: [] }])
    expect((await ask('/deliveries?state=pending')).json.deliveries).toHaveLength(1)
    expect((await ask('/deliveries?state=dead')).json.deliveries).toHaveLength(0)
    expect((await ask('/stats')).json).toMatchObject({ version: '1.2.3', deliveries: { pending: 1 } })
    expect((await ask('/me')).json).toEqual({ name: 'the-viewer', role: 'viewer', by: 'token' })
  })

  it('[SEC-3.5] show destinations with their health and without their options', async () => {
    const { ask } = await apiFixture()
    const { json, text } = await ask('/destinations')
    expect(json.destinations).toMatchObject([{ name: 'soc', state: 'ready', waiting: 0, dead: 0 }])
    expect(text).not.toContain('S3CRET')
  })

  it.each([
    ['/alerts/none', 404, 'unknown-alert'],
    ['/alerts/none/audit', 404, 'unknown-alert'],
    ['/nothing', 404, 'unknown-path'],
    ['/alerts/../../healthz', 404, null],
    ['/alerts/%2e%2e%2fhealthz', 404, 'unknown-alert'],
    ['/alerts/%zz', 400, null],
    ['/alerts?limit=0', 422, 'invalid-request'],
    ['/alerts?limit=501', 422, 'invalid-request'],
    ['/alerts?limit=1e9', 422, 'invalid-request'],
    ['/alerts?limit=x', 422, 'invalid-request'],
    ['/alerts?q=ab', 422, 'invalid-request'],
    ['/alerts?q=abc%00def', 422, 'invalid-request'],
    ['/alerts?status=closed', 422, 'invalid-request'],
    ['/alerts?since=yesterday', 422, 'invalid-request'],
    ['/alerts?unknown=1', 422, 'invalid-request'],
    ['/alerts?q=abc&q=def', 422, 'invalid-request'],
    ['/alerts?cursor=abc', 422, 'invalid-cursor'],
    [`/alerts?cursor=${Buffer.from("a1' OR 1=1").toString('base64url')}`, 422, 'invalid-cursor'],
    [`/alerts?cursor=${Buffer.from('a9999999999999999999').toString('base64url')}`, 422, 'invalid-cursor'],
  ] as const)('%s: %d %s', async (path, status, code) => {
    const { ask } = await apiFixture()
    const answer = await ask(path)
    expect(answer.status).toBe(status)
    if (code === null) return
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.json).toMatchObject({ type: 'about:blank', status, code, title: expect.any(String) })
  })

  it('a search takes every text as it is', async () => {
    const { ask } = await apiFixture(ALERTS)
    for (const text of [
      '"""',
      '***',
      "';--",
      'AND',
      'NEAR(',
      '{a}:',
      '%%%',
      '___',
      '\\\\\\',
      '\ud83d\ude00\ud83d\ude00\ud83d\ude00',
      '(()',
      'a OR b',
    ])
      expect([text, (await ask(`/alerts?q=${encodeURIComponent(text)}`)).json]).toEqual([
        text,
        { alerts: [], next: null },
      ])
  })
})

describe('acts', () => {
  it('change the status in the name of the token, and answer with the alert', async () => {
    const { post, store } = await apiFixture()
    const acknowledged = await post('/alerts/a1/acknowledge', { note: 'on it', assignee: 'anna' })
    expect(acknowledged.json).toMatchObject({ status: 'acknowledged', assignee: 'anna', version: 2 })
    expect(acknowledged.headers.get('etag')).toBe('"2"')
    expect((await post('/alerts/a1/comment', { note: 'hm' })).status).toBe(200)
    expect((await post('/alerts/a1/assign', { assignee: 'bert' })).json.assignee).toBe('bert')
    expect((await post('/alerts/a1/resolve', { reason: 'fixed' })).json).toMatchObject({
      status: 'resolved',
      reason: 'fixed',
    })
    expect((await post('/alerts/a1/acknowledge')).json).toMatchObject({ code: 'resolved-alert', status: 409 })
    expect((await post('/alerts/a1/reopen')).json.status).toBe('open')
    const rows = await store.audit({ subject: { kind: 'alert', id: 'a1' }, limit: 20 })
    expect(rows.slice(1).map(({ actor, via, verb }) => `${actor} ${via} ${verb}`)).toEqual([
      'the-operator api acknowledged',
      'the-operator api commented',
      'the-operator api assigned',
      'the-operator api resolved',
      'the-operator api commented',
      'the-operator api reopened',
    ])
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(rows.length)
  })

  it('with If-Match change only the version that the client has seen', async () => {
    const { post } = await apiFixture()
    const assign = (name: string, etag: string) =>
      post('/alerts/a1/assign', { assignee: name }, { 'if-match': etag })
    expect((await assign('anna', '"1"')).status).toBe(200)
    expect((await assign('bert', '"1"')).json).toMatchObject({ status: 412, code: 'changed-alert' })
    expect((await assign('bert', '"2"')).json.assignee).toBe('bert')
    expect((await assign('carl', '*')).status).toBe(422)
  })

  it('with an Idempotency-Key are carried out once, for each caller', async () => {
    const { post, store } = await apiFixture([alert('a1'), alert('a2')])
    const comment = (id: string, key: string) =>
      post(`/alerts/${id}/comment`, { note: 'hm' }, { 'idempotency-key': key })
    for (const _ of [1, 2]) expect((await comment('a1', 'k1')).status).toBe(200)
    expect((await comment('a1', 'k2')).status).toBe(200)
    expect((await comment('a2', 'k1')).json).toMatchObject({ status: 422, code: 'reused-key' })
    const rows = await store.audit({ subject: { kind: 'alert', id: 'a1' }, limit: 20 })
    expect(rows.map(({ verb }) => verb)).toEqual(['created', 'commented', 'commented'])
  })

  it('[SEC-3.5] need the role operator, and the refusal names it', async () => {
    const { post, ask } = await apiFixture()
    const refused = await post('/alerts/a1/acknowledge', {}, {}, 'viewer')
    expect(refused.json).toMatchObject({
      status: 403,
      code: 'missing-role',
      title: expect.stringContaining('role operator'),
    })
    expect((await ask('/alerts', { role: 'ingest' })).json).toMatchObject({
      status: 403,
      title: expect.stringContaining('role viewer'),
    })
    const without = await ask('/alerts', { role: null })
    expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  it.each([
    ['/alerts/a1/resolve', {}, 422],
    ['/alerts/a1/resolve', { reason: 'because' }, 422],
    ['/alerts/a1/comment', { note: '' }, 422],
    ['/alerts/a1/comment', { note: 'x'.repeat(2_001) }, 422],
    ['/alerts/a1/comment', { note: 7 }, 422],
    ['/alerts/a1/acknowledge', { verb: 'resolve' }, 422],
    ['/alerts/a1/acknowledge', [], 422],
    ['/alerts/a1/acknowledge', null, 422],
    ['/alerts/none/acknowledge', {}, 404],
    ['/destinations/none/resume', {}, 404],
    ['/detections/none/unmute', {}, 404],
  ])('POST %s %o: %d', async (path, body, status) => {
    const { post, store } = await apiFixture()
    expect((await post(path, body)).json).toMatchObject({ status })
    expect(await store.audit({ limit: 10 })).toHaveLength(1)
  })

  it('take small bodies of JSON alone', async () => {
    const { ask } = await apiFixture()
    const send = async (type: string | null, body: string) =>
      (
        await ask('/alerts/a1/comment', {
          method: 'POST',
          role: 'operator',
          body,
          headers: type === null ? {} : { 'content-type': type },
        })
      ).status
    expect(await send('application/json', '{"note":"x"}')).toBe(200)
    expect(await send('application/json; charset=utf-8', '{"note":"x"}')).toBe(200)
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/xml',
      null,
    ])
      expect([type, await send(type, '{"note":"x"}')]).toEqual([type, 415])
    expect(await send('application/json', '{"note":')).toBe(400)
    expect(await send('application/json', '{"note":"x","__proto__":{"a":1}}')).toBe(400)
    expect(await send('application/json', `{"note":"${'x'.repeat(70_000)}"}`)).toBe(413)
  })

  it('other methods are problems, and HEAD has no body', async () => {
    const { ask } = await apiFixture()
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect([method, (await ask('/alerts/a1', { method })).status]).toEqual([method, 404])
    const head = await ask('/alerts/a1', { method: 'HEAD' })
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', '"1"'])
    expect((await ask('/alerts/a1', { method: 'HEAD', role: null })).status).toBe(401)
  })

  it('a token that sends too many requests waits', async () => {
    const { ask } = await apiFixture()
    const answers = await Promise.all(Array.from({ length: 130 }, () => ask('/me')))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]!.json).toMatchObject({ code: 'too-many-requests' })
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0)
    // The other token has a limit of its own.
    expect((await ask('/me', { role: 'operator' })).status).toBe(200)
  })
})

it('a retry and a test with an Idempotency-Key are carried out once, and the key belongs to one of them', async () => {
  let tests = 0
  const fixture = await apiFixture(
    [alert('a1')],
    {},
    () => null,
    async ({ name }) => {
      tests++
      return { destination: name, durationMs: 5, result: { result: 'delivered', status: 200, message: 'ok' } }
    },
  )
  const { store, post } = fixture
  await store.commit(
    plan({
      deliveries: [
        delivery('d1', { alertId: 'a1' }),
        delivery('d2', { alertId: 'a1', destination: 'other', destinationKey: 'other' }),
      ],
    }),
    expecting(),
  )
  await store.reconcile({ knownKeys: [], renames: [] })
  const key = (name: string) => ({ 'idempotency-key': name })
  expect((await post('/deliveries/d1/retry', {}, key('k1'))).json).toEqual({ done: true })
  expect((await post('/deliveries/d1/retry', {}, key('k1'))).json).toEqual({ done: true })
  expect((await post('/deliveries/d2/retry', {}, key('k1'))).json).toMatchObject({ code: 'reused-key' })
  expect((await post('/deliveries/d1/retry', {}, key('k2'))).json).toMatchObject({ code: 'not-retryable' })
  const first = await post('/destinations/soc/test', {}, key('k3'))
  expect(first.json).toEqual({ delivered: true, status: 200, message: 'ok', durationMs: 5 })
  const again = await post('/destinations/soc/test', {}, key('k3'))
  expect(again.json).toEqual({ delivered: true, status: null, message: 'ok', durationMs: 0 })
  expect(tests).toBe(1)
  const rows = await store.audit({ limit: 20 })
  const made = rows.filter(({ verb }) => ['retried', 'tested'].includes(verb))
  expect(made.map(({ verb, actor, after }) => [verb, actor, after])).toEqual([
    ['retried', 'the-operator', 'soc'],
    ['tested', 'the-operator', 'delivered'],
  ])
})

it('says that the store cannot be reached, instead of waiting for it', async () => {
  let reason: string | null = null
  const { ask } = await apiFixture([], {}, () => reason)
  expect((await ask('/alerts')).status).toBe(200)
  reason = 'connection refused'
  const answer = await ask('/alerts')
  expect(answer.json).toMatchObject({ status: 503, code: 'inaccessible-store' })
  expect(answer.headers.get('retry-after')).toBe('5')
})

describe('the stream', () => {
  async function follow(
    fixture: Awaited<ReturnType<typeof apiFixture>>,
    headers: Record<string, string> = {},
  ) {
    const ended = new AbortController()
    const response = await fetch(`${fixture.url}/api/v1/stream`, {
      headers: { authorization: 'Bearer token-viewer', ...headers },
      signal: ended.signal,
    })
    let text = ''
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const read = async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        text += value
      }
    }
    void read().catch(() => {})
    return { response, text: () => text, end: () => ended.abort() }
  }

  it('sends later rows of the audit, and goes on behind Last-Event-ID', async () => {
    const fixture = await apiFixture()
    const { store, post } = fixture
    const live = await follow(fixture)
    expect(live.response.headers.get('content-type')).toContain('text/event-stream')
    await post('/alerts/a1/acknowledge')
    await until(() => live.text().includes('"verb":"acknowledged"'))
    expect(live.text()).toMatch(/id: 2\nevent: alert\ndata: \{"seq":2,/)
    expect(live.text()).not.toContain('"verb":"created"')
    live.end()
    await store.commit(plan({ audits: [audit('commented', { note: 'two\nlines' })] }), expecting())
    const again = await follow(fixture, { 'last-event-id': '1' })
    await until(() => again.text().includes('"verb":"commented"'))
    expect(again.text().match(/^id: \d+$/gm)).toEqual(['id: 2', 'id: 3'])
    again.end()
  })

  it('a client that is far behind holds up no other', async () => {
    const fixture = await apiFixture()
    const { store, post } = fixture
    const old = Array.from({ length: 5_000 }, () => audit('commented'))
    await store.commit(plan({ audits: old }), expecting())
    const behind = await follow(fixture, { 'last-event-id': '0' })
    const live = await follow(fixture)
    await post('/alerts/a1/acknowledge')
    await until(() => live.text().includes('"verb":"acknowledged"'))
    expect(behind.text()).not.toContain('"verb":"acknowledged"')
    live.end()
    behind.end()
  })

  it('refuses a Last-Event-ID that is no number', async () => {
    const { ask } = await apiFixture()
    expect((await ask('/stream', { headers: { 'last-event-id': '1; DROP' } })).status).toBe(422)
  })

  it('a client that goes away in the middle leaves nothing behind', async () => {
    const { port, ask } = await apiFixture()
    for (let i = 0; i < 120; i++) {
      const socket = connect(port, '127.0.0.1')
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.write(
        'GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-operator\r\n\r\n',
      )
      socket.destroy()
    }
    expect((await ask('/me')).status).toBe(200)
  })
})

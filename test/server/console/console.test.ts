/** The console as requests see it: who gets in, what a form needs, and the headers. */
import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_RULES } from '../../../src/server/access/access.ts'
import { ALERT_IDS } from '../../support/console-alerts.ts'
import { openConsole, TOKENS } from '../../support/console-server.ts'

const [OPERATOR, VIEWER, INGEST] = Object.keys(TOKENS) as [string, string, string]
const ROOT_LOGIN = ALERT_IDS['Example.AWS.RootConsoleLogin']!
const PATHS = [
  '/',
  '/alerts',
  `/alerts/${ROOT_LOGIN}`,
  '/deliveries',
  '/destinations',
  '/silences',
  '/silences/new',
  '/routes',
  '/detections',
  '/detections/Example.AWS.RootConsoleLogin',
  '/keys',
]

let server: Awaited<ReturnType<typeof openConsole>>
beforeAll(async () => {
  server = await openConsole()
})
afterAll(() => server.close())

interface Person {
  readonly cookie: string
}

async function signIn(token: string): Promise<Person & { readonly response: Response }> {
  const response = await post('/sign-in', { token }, { cookie: '' })
  const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0]!
  return { cookie, response }
}

function get(path: string, { cookie }: Person = { cookie: '' }, headers: Record<string, string> = {}) {
  return fetch(server.url + path, { headers: { cookie, ...headers }, redirect: 'manual' })
}

function post(
  path: string,
  fields: Record<string, string> | [string, string][],
  { cookie }: Person,
  headers: Record<string, string> = {},
) {
  const body = new URLSearchParams(fields)
  return fetch(server.url + path, {
    method: 'POST',
    body,
    headers: { cookie, ...headers },
    redirect: 'manual',
  })
}

/** The forgery token that the forms of a page carry. */
async function formToken(person: Person, path = '/alerts'): Promise<string> {
  const text = await (await get(path, person)).text()
  return /name="_token" value="([^"]+)"/.exec(text)![1]!
}

async function statusOf(id: string) {
  return (await server.store.alert(id))!.status
}

describe('signing in', () => {
  it('without a session every page leads to the page to sign in, and shows nothing', async () => {
    for (const path of PATHS) {
      const response = await get(path)
      expect({ path, status: response.status, text: await response.text() }).toEqual({
        path,
        status: 303,
        text: '',
      })
      expect(response.headers.get('location')).toBe(
        `/sign-in?${new URLSearchParams({ back: path }).toString()}`,
      )
    }
    const form = await post(`/alerts/${ROOT_LOGIN}/acknowledge`, {}, { cookie: '' })
    expect(form.status).toBe(401)
    expect(await form.text()).toContain('<h1>Sign in</h1>')
  })

  it('a token begins a session whose cookie no script and no other site gets', async () => {
    const { response, cookie } = await signIn(OPERATOR)
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/alerts')
    const flags = response.headers.get('set-cookie')!
    expect(flags).toMatch(/Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(flags).not.toContain(OPERATOR)
    for (const path of PATHS)
      expect({ path, status: (await get(path, { cookie })).status }).toEqual({ path, status: 200 })
  })

  it('off loopback the cookie is sent over TLS only', async () => {
    // fetch does not send another Host.
    const cookie = await new Promise((resolve, reject) => {
      const headers = { host: 'signalbox.example' }
      const sending = request(`${server.url}/sign-in`, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.headers['set-cookie'])
      })
      sending.on('error', reject)
      sending.end(new URLSearchParams({ token: OPERATOR }).toString())
    })
    expect(cookie).toEqual([expect.stringMatching(/HttpOnly; Secure; SameSite=Strict$/)])
  })

  it.each([
    ['an unknown token', 'no such token', 401, 'This token is not known'],
    ['no token', '', 401, 'This token is not known'],
    ['a token that only sends events', INGEST, 403, 'role ingest'],
  ])('refuses %s at the field', async (_what, token, status, sentence) => {
    const { response } = await signIn(token)
    expect(response.status).toBe(status)
    expect(response.headers.get('set-cookie')).toBeNull()
    const text = await response.text()
    expect(text).toContain(sentence)
    expect(text).toContain('aria-describedby="token-error"')
  })

  it('returns to the page that was asked for, and to no other site', async () => {
    const asked = await get('/alerts?status=any&q=root')
    const page = await (await get(asked.headers.get('location')!)).text()
    expect(page).toContain('name="back" value="/alerts?status=any&amp;q=root"')
    const back = async (path: string) =>
      (await post('/sign-in', { token: OPERATOR, back: path }, { cookie: '' })).headers.get('location')
    expect(await back('/alerts?status=any&q=root')).toBe('/alerts?status=any&q=root')
    for (const other of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:1',
      '/\r\nx: y',
    ])
      expect(await back(other)).toBe('/alerts')
  })

  it('signing out ends the session for the cookie, too', async () => {
    const person = await signIn(OPERATOR)
    const response = await post('/sign-out', { _token: await formToken(person) }, person)
    expect(response.headers.get('location')).toBe('/sign-in')
    expect((await get('/alerts', person)).status).toBe(303)
  })
})

describe('acts', () => {
  it('a form without the forgery token of its session changes nothing', async () => {
    const [ada, other] = [await signIn(OPERATOR), await signIn(OPERATOR)]
    const before = await statusOf(ROOT_LOGIN)
    for (const _token of ['', 'wrong', await formToken(other)]) {
      const response = await post(`/alerts/${ROOT_LOGIN}/acknowledge`, { _token }, ada)
      expect(response.status).toBe(403)
      expect(await response.text()).toContain('The form is not from this page')
    }
    expect(await statusOf(ROOT_LOGIN)).toEqual(before)
  })

  it('a viewer is shown which role an act needs, and is refused', async () => {
    const grace = await signIn(VIEWER)
    const text = await (await get(`/alerts/${ROOT_LOGIN}`, grace)).text()
    expect(text).toContain('sign in with a token of the role operator')
    expect(text).not.toContain('>Acknowledge</button>')
    const before = await statusOf(ROOT_LOGIN)
    const _token = await formToken(grace)
    for (const path of [
      `/alerts/${ROOT_LOGIN}/acknowledge`,
      '/alerts/selected',
      '/deliveries/retry',
      '/destinations/on-call/test',
      '/destinations/on-call/resume',
      '/detections/Example.AWS.RootConsoleLogin/unmute',
      '/silences',
      '/silences/preview',
      `/alerts/${ROOT_LOGIN}/resend`,
    ]) {
      const response = await post(path, { _token, id: ROOT_LOGIN, destination: 'on-call' }, grace)
      expect({ path, status: response.status }).toEqual({ path, status: 403 })
      expect(await response.text()).toContain('sign in with a token of the role operator')
    }
    expect(await statusOf(ROOT_LOGIN)).toEqual(before)
  })

  it('an alert is acknowledged, commented, assigned, resolved with a reason and reopened, each with the name of the token', async () => {
    const ada = await signIn(OPERATOR)
    const id = ALERT_IDS['Example.Okta.MFAFactorReset']!
    const _token = await formToken(ada)
    const act = (verb: string, fields: Record<string, string> = {}) =>
      post(`/alerts/${id}/${verb}`, { _token, ...fields }, ada)
    expect((await act('acknowledge')).headers.get('location')).toBe(`/alerts/${id}`)
    expect(await statusOf(id)).toMatchObject({ status: 'acknowledged', changedBy: 'ada' })
    await act('comment', { note: 'line 1\r\nline 2' })
    await act('assign', { assignee: 'linus' })
    const refused = await act('resolve', { reason: '' })
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('id="reason-error" role="alert">Choose a reason.')
    await act('resolve', { reason: 'false-positive', note: 'A test of the owner.' })
    expect(await statusOf(id)).toMatchObject({
      status: 'resolved',
      reason: 'false-positive',
      assignee: 'linus',
    })
    await act('reopen')
    expect(await statusOf(id)).toMatchObject({ status: 'open', reason: null })
    const audit = await server.store.audit({ subject: { kind: 'alert', id }, limit: 100 })
    expect(audit.slice(1).map(({ verb, actor, via, note }) => [verb, actor, via, note])).toEqual([
      ['acknowledged', 'ada', 'console', ''],
      ['commented', 'ada', 'console', 'line 1\nline 2'],
      ['assigned', 'ada', 'console', ''],
      ['resolved', 'ada', 'console', 'A test of the owner.'],
      ['reopened', 'ada', 'console', ''],
    ])
  })

  it('an act on several alerts is asked first, and then done with all of them', async () => {
    const ada = await signIn(OPERATOR)
    const ids = [
      ALERT_IDS['Example.Standard.PasswordSpray']!,
      ALERT_IDS['Example.GitHub.OrganizationOwnerAdded']!,
    ]
    const _token = await formToken(ada)
    const fields: [string, string][] = [
      ['_token', _token],
      ['verb', 'resolve'],
      ['back', '/alerts'],
      ...ids.map((id): [string, string] => ['id', id]),
    ]
    const question = await post('/alerts/selected', fields, ada)
    const text = await question.text()
    expect(question.status).toBe(200)
    expect(text).toContain('<h1>Resolve 2 alerts?</h1>')
    for (const id of ids) expect(await statusOf(id)).toMatchObject({ status: 'open' })
    const done = await post(
      '/alerts/selected',
      [...fields, ['confirmed', 'yes'], ['reason', 'duplicate']],
      ada,
    )
    expect(done.headers.get('location')).toBe('/alerts')
    for (const id of ids)
      expect(await statusOf(id)).toMatchObject({ status: 'resolved', reason: 'duplicate' })
    const cookie = `${ada.cookie}; ${done.headers.get('set-cookie')!.split(';')[0]}`
    expect(await (await get('/alerts', { cookie })).text()).toContain('Resolved 2 alerts.')
  })

  it('deliveries are retried, destinations tested and resumed', async () => {
    const ada = await signIn(OPERATOR)
    const _token = await formToken(ada)
    const [dead] = await server.store.deliveries({ states: ['dead'], limit: 1 })
    await post('/deliveries/retry', { _token, id: dead!.id, back: '/deliveries?show=dead' }, ada)
    expect(await server.store.deliveries({ states: ['dead'], limit: 1 })).toEqual([])
    const tested = await post('/destinations/console/test', { _token, back: '/destinations' }, ada)
    const cookie = `${ada.cookie}; ${tested.headers.get('set-cookie')!.split(';')[0]}`
    expect(await (await get('/destinations', { cookie })).text()).toContain(
      'The test alert arrived at console after 12 ms.',
    )
    await post('/destinations/identity-team/resume', { _token, back: '/destinations' }, ada)
    expect((await server.store.destinationState('identity-team')).value.probeAt).not.toBeNull()
  })

  it('a large form is refused as such', async () => {
    const ada = await signIn(OPERATOR)
    const response = await post(`/alerts/${ROOT_LOGIN}/comment`, { note: 'x'.repeat(300_000) }, ada)
    expect(response.status).toBe(413)
  })
})

describe('pages', () => {
  it('every page has the headers that keep it to itself', async () => {
    const ada = await signIn(OPERATOR)
    for (const path of [...PATHS, '/alerts/unknown', '/sign-in']) {
      const { headers } = await get(path, ada)
      expect({ path, policy: headers.get('content-security-policy') }).toEqual({
        path,
        policy:
          "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  it('no page has code or style within it, or an address of another site that is no link', async () => {
    const ada = await signIn(OPERATOR)
    for (const path of PATHS) {
      const text = await (await get(path, ada)).text()
      expect(text).not.toMatch(/<style|\sstyle=|<script>|\son[a-z]+="/)
      const loaded = [...text.matchAll(/(?:src|action)="([^"]+)"|<link[^>]+href="([^"]+)"/g)].map(
        (m) => m[1] ?? m[2],
      )
      expect(loaded.filter((url) => !/^\/(?!\/)|^data:,$/.test(url!))).toEqual([])
    }
  })

  it('the stylesheet and the script have names that change with them, and may be kept', async () => {
    const text = await (await get('/sign-in')).text()
    const paths = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map((m) => m[1]!)
    expect(paths).toHaveLength(2)
    for (const path of paths) {
      const response = await get(path)
      expect(response.status).toBe(200)
      expect(path).toMatch(/\.[0-9a-f]{16}\.(css|js)$/)
      expect(response.headers.get('cache-control')).toContain('immutable')
    }
  })

  it('everything that a page loads has at most 150 kB compressed, and the script at most 300 lines', () => {
    const folder = join(import.meta.dirname, '../../../src/server/console/assets')
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
    expect(files).toHaveLength(2)
    expect(files.reduce((sum, file) => sum + gzipSync(file).length, 0)).toBeLessThan(150_000)
    expect(readFileSync(join(folder, 'console.js'), 'utf8').split('\n').length).toBeLessThanOrEqual(300)
  })

  it('only the page of routes takes markup as it is, and only from a drawing', () => {
    const folder = join(import.meta.dirname, '../../../src/server/console')
    const uses = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'parts/html-template.ts')
      .flatMap((name) =>
        [...readFileSync(join(folder, name), 'utf8').matchAll(/\braw\([^)]*\)?|new Html\(/g)].map(
          ([use]) => `${name}: ${use}`,
        ),
      )
    expect(uses).toEqual(['pages/routes-page.ts: raw(drawRoutesForPage(table, registry)'])
  })

  it('a page that does not exist says so, and offers a way on', async () => {
    const ada = await signIn(OPERATOR)
    const response = await get('/alerts/no-such-alert', ada)
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('alert not found: no-such-alert')
  })

  it('filters are in the address, and what means nothing is left out', async () => {
    const ada = await signIn(OPERATOR)
    const titles = async (query: string) => {
      const text = await (await get(`/alerts?${query}`, ada)).text()
      return [...text.matchAll(/class="title">([^<]+)</g)].map((m) => m[1]!)
    }
    expect(await titles('status=any&q=mfa+factors&since=24h')).toContain(
      'The MFA factors of grace@example.com were reset',
    )
    expect(await titles('status=open&severity=critical')).toEqual([
      'Root signed in to account 123456789012 without MFA',
    ])
    expect(await titles('status=nonsense&severity=nonsense&since=nonsense')).toContain(
      'Root signed in to account 123456789012 without MFA',
    )
    expect(await titles('detection=No.Such')).toEqual([])
  })

  it('a silence is shown with what it has hidden, and the alert with the step that hid it', async () => {
    const ada = await signIn(OPERATOR)
    const text = await (await get('/silences', ada)).text()
    expect(text).toContain('s-4f0c2a91')
    expect(text).toContain('>1 alert</a>, the last')
    const hidden = /href="(\/alerts\?silencedBy=[^"]+)"/.exec(text)![1]!.replace('&amp;', '&')
    const list = await (await get(hidden, ada)).text()
    expect([...list.matchAll(/class="title">([^<]+)</g)].map((m) => m[1])).toEqual([
      'margaret became an owner of the organization example',
    ])
    const alert = await get(`/alerts/${ALERT_IDS['Example.GitHub.OrganizationOwnerAdded']}`, ada)
    expect(await alert.text()).toContain('s-4f0c2a91 (platform@example.com: The owners')
  })

  it('a change reaches an open page, and no one without a session', async () => {
    expect((await get('/live')).status).toBe(401)
    const stop = new AbortController()
    const ada = await signIn(OPERATOR)
    const response = await fetch(`${server.url}/live`, {
      headers: { cookie: ada.cookie },
      signal: stop.signal,
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    await post(`/alerts/${ROOT_LOGIN}/comment`, { _token: await formToken(ada), note: 'live' }, ada)
    let received = ''
    for await (const bytes of response.body!) {
      received += Buffer.from(bytes).toString('utf8')
      if (received.includes('event: alert')) break
    }
    stop.abort()
  })

  it('while the store cannot be read, a page says so', async () => {
    const away = await openConsole({ ports: { unavailable: () => 'connection refused' }, rules: NO_RULES })
    try {
      const response = await fetch(`${away.url}/alerts`)
      expect(response.status).toBe(503)
      expect(await response.text()).toContain('The store cannot be reached: connection refused.')
    } finally {
      await away.close()
    }
  })
})

describe('without any token, at an address of this machine', () => {
  it('the person at this machine is an operator, whose forms need the forgery token all the same', async () => {
    const local = await openConsole({ rules: NO_RULES })
    try {
      const page = await fetch(`${local.url}/alerts/${ROOT_LOGIN}`)
      const text = await page.text()
      expect(page.status).toBe(200)
      const _token = /name="_token" value="([^"]+)"/.exec(text)![1]!
      const send = (fields: Record<string, string>, headers: Record<string, string>) =>
        fetch(`${local.url}/alerts/${ROOT_LOGIN}/acknowledge`, {
          method: 'POST',
          body: new URLSearchParams(fields),
          headers,
          redirect: 'manual',
        })
      expect((await send({ _token }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
      expect((await send({ _token }, { origin: 'https://evil.example' })).status).toBe(403)
      expect((await send({}, { origin: 'null' })).status).toBe(403)
      expect((await local.store.alert(ROOT_LOGIN))!.status.status).toBe('open')
      expect((await send({ _token }, { origin: 'null' })).status).toBe(303)
      expect((await local.store.alert(ROOT_LOGIN))!.status).toMatchObject({
        status: 'acknowledged',
        changedBy: 'local',
      })
    } finally {
      await local.close()
    }
  })
})

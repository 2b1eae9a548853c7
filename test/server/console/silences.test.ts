/** Silences in the console: they are extended and expired by forms, and what is wrong is said at the form. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { NO_RULES } from '../../../src/server/access/access.ts'
import { openConsole, TOKENS } from '../../support/console-server.ts'

const SILENCE = 's-4f0c2a91'
const HOUR_MS = 3_600_000
let server: Awaited<ReturnType<typeof openConsole>>
beforeEach(async () => {
  server = await openConsole({ rules: NO_RULES })
})
afterEach(() => server.close())

const pageText = async (path: string) => (await fetch(server.url + path)).text()

/** Sends a form of the page with its hidden fields. */
async function send(page: string, action: string, fields: readonly (readonly [string, string])[] = []) {
  const text = await pageText(page)
  const hidden = ['_token', '_form', 'back'].map((name) => [
    name,
    new RegExp(`name="${name}" value="([^"]*)"`).exec(text)![1]!.replaceAll('&amp;', '&'),
  ])
  return post(action, [...hidden, ...fields] as [string, string][])
}

function post(action: string, fields: [string, string][], headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields)
  return fetch(server.url + action, { method: 'POST', body, headers, redirect: 'manual' })
}

async function stored(id = SILENCE) {
  const rows = await server.store.silences({ endsAfter: 0, limit: 100 })
  return rows.find(({ silence }) => silence.id === id)
}

const auditOf = async (id: string) =>
  (await server.store.audit({ subject: { kind: 'silence', id }, limit: 100 })).map(({ verb, actor, via }) => [
    verb,
    actor,
    via,
  ])

/** The notice that the page after the act shows. */
async function noticeOf(response: Response): Promise<string> {
  const cookie = response.headers.get('set-cookie')!.split(';')[0]!
  const page = await fetch(server.url + response.headers.get('location')!, { headers: { cookie } })
  return /class="notice[^"]*"[^>]*>([^<]+)</.exec(await page.text())![1]!
}

it('a silence is extended to a time from now, and expired; each is in its history', async () => {
  const extended = await send('/silences', `/silences/${SILENCE}/extend`, [['for', '2d']])
  expect(extended.headers.get('location')).toBe('/silences')
  expect(await noticeOf(extended)).toBe(`${SILENCE} is extended until 2026-12-02 21:05 UTC.`)
  expect((await stored())!.silence.until).toBe(server.store.now() + 48 * HOUR_MS)
  const expired = await send('/silences', `/silences/${SILENCE}/expire`)
  expect(await noticeOf(expired)).toBe(`${SILENCE} has ended.`)
  expect((await stored())!.silence.until).toBe(server.store.now())
  expect(await auditOf(SILENCE)).toEqual([
    ['extended', 'local', 'console'],
    ['expired', 'local', 'console'],
  ])
  expect(await pageText('/silences')).not.toContain(`/silences/${SILENCE}/extend`)
})

it.each([
  ['no duration', '', 'Write a duration such as 30m, 2h or 3d.'],
  ['a text that is no duration', 'soon', 'Write a duration such as 30m, 2h or 3d.'],
  ['an end before the present one', '1h', 'ends later than that already'],
  ['an end that is too far away', '91d', 'the silence ends more than 90 days from now'],
])('%s is refused at the form, and changes nothing', async (_what, duration, sentence) => {
  const before = await stored()
  const refused = await send('/silences', `/silences/${SILENCE}/extend`, [['for', duration]])
  expect(refused.status).toBe(422)
  const error = new RegExp(`id="for-${SILENCE}-error" role="alert">([^<]+)<`).exec(await refused.text())![1]
  expect(error).toContain(sentence)
  expect(await stored()).toEqual(before)
})

it('a form that a double click sends twice extends once', async () => {
  const text = await pageText('/silences')
  const hidden = ['_token', '_form'].map((name): [string, string] => [
    name,
    new RegExp(`name="${name}" value="([^"]*)"`).exec(text)![1]!,
  ])
  const fields: [string, string][] = [...hidden, ['back', '/silences'], ['for', '2d']]
  const answers = await Promise.all([1, 2].map(() => post(`/silences/${SILENCE}/extend`, fields)))
  expect(answers.map(({ status }) => status)).toEqual([303, 303])
  expect(await auditOf(SILENCE)).toHaveLength(1)
})

it('a viewer sees which role an act needs, and is refused', async () => {
  const guarded = await openConsole()
  try {
    const [, token] = Object.keys(TOKENS) as [string, string]
    const signIn = await fetch(`${guarded.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    })
    const cookie = signIn.headers.get('set-cookie')!.split(';')[0]!
    const text = await (await fetch(`${guarded.url}/silences`, { headers: { cookie } })).text()
    expect(text).toContain('To extend or expire silences, sign in with a token of the role operator.')
    const _token = /name="_token" value="([^"]+)"/.exec(text)![1]!
    for (const path of [`/silences/${SILENCE}/extend`, `/silences/${SILENCE}/expire`]) {
      const response = await fetch(guarded.url + path, {
        method: 'POST',
        body: new URLSearchParams({ _token, for: '2d' }),
        headers: { cookie },
        redirect: 'manual',
      })
      expect({ path, status: response.status }).toEqual({ path, status: 403 })
    }
  } finally {
    await guarded.close()
  }
})

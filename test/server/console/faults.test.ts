/** What goes wrong at the console: streams that are too many or left early, a check of access that fails, forms of other sites. */
import { afterEach, expect, it } from 'vitest'
import { NO_RULES } from '../../../src/server/access/access.ts'
import { openStore } from '../../../src/store/open.ts'
import { manualClock } from '../../support/clock.ts'
import { openConsole, TOKENS } from '../../support/console-server.ts'
import { until } from '../../support/until.ts'

const MAX_STREAMS = 100
type Server = Awaited<ReturnType<typeof openConsole>>
let server: Server | undefined
afterEach(async () => {
  await server?.close()
})

/** The store answers questions about the audit once the gate is open. */
async function openBehindGate(gate: Promise<void>, asked: () => void): Promise<Server> {
  const store = await openStore('memory:', { clock: manualClock(), projectRoot: '/nowhere' })
  const slow: typeof store = Object.assign(Object.create(store), {
    audit: async (filter: Parameters<typeof store.audit>[0]) => {
      asked()
      await gate
      return store.audit(filter)
    },
  })
  return openConsole({ rules: NO_RULES, store: slow, fill: async () => {} })
}

it('streams count from their request on, and those of clients that have left no more', async () => {
  let count = 0
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
  server = await openBehindGate(gate, () => count++)
  const url = `${server.url}/live`
  const leaving = new AbortController()
  const left = Array.from({ length: MAX_STREAMS }, () => fetch(url, { signal: leaving.signal }))
  const ends = Promise.allSettled(left)
  await until(() => count === MAX_STREAMS)
  expect((await fetch(url)).status).toBe(503)
  leaving.abort()
  await ends
  openGate()
  const staying = new AbortController()
  let last: Response | undefined
  await until(async () => {
    last = await fetch(url, { signal: staying.signal })
    return last.status === 200
  })
  staying.abort()
})

it('a check of access that fails shows nothing of its reason', async () => {
  let fails = false
  const options = {
    get rules() {
      if (!fails) return NO_RULES
      throw new Error("ENOENT: no such file or directory, open '/run/secrets/S3CRET'")
    },
  }
  server = await openConsole(options)
  fails = true
  for (const [path, method] of [
    ['/', 'GET'],
    ['/alerts', 'GET'],
    ['/sign-out', 'POST'],
  ] as const) {
    const response = await fetch(server.url + path, {
      method,
      body: method === 'POST' ? new URLSearchParams() : null,
    })
    const text = await response.text()
    expect({ path, status: response.status }).toEqual({ path, status: 500 })
    expect(text).toContain('The log of the daemon has the reason')
    expect(text).not.toMatch(/ENOENT|S3CRET/)
  }
})

it.each(['cross-site', 'same-site'])('a form of a %s page begins no session', async (site) => {
  server = await openConsole()
  const [token = ''] = Object.keys(TOKENS)
  const response = await fetch(`${server.url}/sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    headers: { 'sec-fetch-site': site },
    redirect: 'manual',
  })
  expect(response.status).toBe(403)
  expect(response.headers.get('set-cookie') ?? '').not.toContain('signalbox_session')
})

it('a stream ends with the session that opened it', async () => {
  server = await openConsole()
  const { url } = server
  const [token = ''] = Object.keys(TOKENS)
  const send = (path: string, fields: Record<string, string>, cookie: string) =>
    fetch(url + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { cookie },
      redirect: 'manual',
    })
  const signedIn = await send('/sign-in', { token }, '')
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
  const stream = await fetch(`${url}/live`, { headers: { cookie } })
  expect(stream.status).toBe(200)
  const page = await (await fetch(`${url}/keys`, { headers: { cookie } })).text()
  const form = { _token: /name="_token" value="([^"]+)"/.exec(page)![1]! }
  expect((await send('/sign-out', form, cookie)).status).toBe(303)
  await expect(stream.text()).rejects.toThrow()
})

import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { tokenDigest } from '../../src/core/token-digest.ts'
import type { OutboundResponse, PostEndpoint } from '../../src/model/ports.ts'
import { nullLog } from '../../src/model/ports.ts'
import type { Role } from '../../src/model/project/api-settings.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createServer, type Server, type ServerOptions } from '../../src/server/server.ts'
import { until } from '../support/until.ts'

type Body = string | Uint8Array<ArrayBuffer>

const open: Server[] = []
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())))

const LOCAL = { host: '127.0.0.1', port: 0 }

function serve(options: Partial<ServerOptions> = {}): Server {
  const server = createServer({
    log: nullLog,
    metrics: createMetrics(),
    ready: () => ({ ok: true, reasons: [] }),
    bodyBytes: 1000,
    ...options,
  })
  open.push(server)
  return server
}

const taken: OutboundResponse = { status: 202, body: { accepted: 1 } }

it('the URL of each address with parts is reported with its real port', async () => {
  const urls: string[] = []
  const server = serve({ onPartsOpened: (url) => urls.push(url) })
  await server.listen(LOCAL)
  expect(urls).toEqual([`http://127.0.0.1:${server.addresses[0]!.port}/`])
})

it('an address without parts is not reported as one that has them', async () => {
  const urls: string[] = []
  const server = serve({ partsAt: { host: '127.0.0.1', port: 1 }, onPartsOpened: (url) => urls.push(url) })
  await server.listen(LOCAL)
  expect([server.addresses.length, urls]).toEqual([1, []])
})

async function started(
  options: Partial<ServerOptions> = {},
  handle: PostEndpoint['handle'] = async () => taken,
) {
  const server = serve(options)
  await server.post(LOCAL, '/events', { handle })
  const url = `http://127.0.0.1:${server.addresses[0]!.port}`
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text }
  }
  const post = (headers: Record<string, string> = {}, body: Body = '{}') =>
    ask('/events', { method: 'POST', body, headers })
  return { server, url, ask, post }
}

/** Returns the server's response to these bytes, until it has answered or closes the connection. */
function raw(server: Server, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = connect(server.addresses[0]!.port, '127.0.0.1', () => client.write(request, 'latin1'))
    let answer = ''
    client.on('data', (bytes) => {
      answer += bytes.toString()
      const [, length, body] = /content-length: (\d+).*?\r\n\r\n(.*)/is.exec(answer) ?? []
      if (length !== undefined && body!.length >= Number(length)) client.end()
      if (answer.endsWith('0\r\n\r\n')) client.end()
    })
    client.on('error', reject)
    client.on('close', () => resolve(answer))
  })
}

describe('the server', () => {
  it('answers health, readiness and metrics without a token', async () => {
    const metrics = createMetrics()
    metrics.count('signalbox_alerts_total', { kind: 'RULE', severity: 'HIGH' })
    let reasons: string[] = []
    const ready = () => ({ ok: reasons.length === 0, reasons })
    const { ask } = await started({ metrics, ready, token: () => 'secret' })
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: '{"ok":true}' })
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: '{"ok":true,"reasons":[]}' })
    reasons = ['the store is full']
    expect(await ask('/readyz')).toMatchObject({
      status: 503,
      text: '{"ok":false,"reasons":["the store is full"]}',
    })
    const exposed = await ask('/metrics')
    expect(exposed.headers.get('content-type')).toContain('text/plain')
    expect(exposed.text).toContain('signalbox_alerts_total{kind="RULE",severity="HIGH"} 1')
  })

  it('gives a handler the bytes and headers, whatever the content type', async () => {
    const seen: unknown[] = []
    const server = serve()
    const handle: PostEndpoint['handle'] = async ({ headers, body }) => {
      seen.push(headers['x-more'], body.toString())
      return { status: 202, headers: { 'x-back': '1' }, body: { ok: true } }
    }
    await server.post(LOCAL, '/events', { handle })
    const url = `http://127.0.0.1:${server.addresses[0]!.port}/events?x=1`
    for (const type of ['application/json', 'text/plain', 'made/up', 'multipart/form-data']) {
      const response = await fetch(url, {
        method: 'POST',
        body: '{"a" : [1]',
        headers: { 'content-type': type, 'x-more': type },
      })
      expect([response.status, response.headers.get('x-back')]).toEqual([202, '1'])
      expect(seen.splice(0)).toEqual([type, '{"a" : [1]'])
    }
    expect((await fetch(url, { method: 'POST' })).status).toBe(202)
    expect(seen).toEqual([undefined, ''])
  })

  it.each(['nonsense', 'json', 'text', ';', '', '/', 'a/b/c', '*/*', 'text/plain; charset=', '\u00e9'])(
    'takes a post whose content type is "%s"',
    async (type) => {
      const { server } = await started()
      const answer = await raw(
        server,
        `POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: 2\r\n\r\n{}`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 202 /)
    },
  )

  it.each([
    ['a path that is not encoded well', 'GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['a path that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['what is no HTTP', 'hello\r\n\r\n', 400],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    [
      'a chunk that is no chunk',
      'POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    [
      'an unknown expectation',
      'POST /events HTTP/1.1\r\nHost: localhost\r\nExpect: more\r\nContent-Length: 0\r\n\r\n',
      417,
    ],
    [
      'a body that is too large',
      'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n',
      413,
    ],
    [
      'a length that is no number',
      'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
      400,
    ],
    ['an unknown path', 'GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n', 404],
    ['an unknown method', 'BREW /events HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['another method', 'PATCH /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n', 405],
  ])('refuses %s in the documented form', async (_what, request, status) => {
    const { server } = await started()
    const [head, body] = (await raw(server, request)).split('\r\n\r\n')
    expect(head).toContain(`HTTP/1.1 ${status} `)
    expect(JSON.parse(body!)).toMatchObject({
      accepted: 0,
      rejected: [],
      error: expect.stringMatching(/\w/) as unknown,
    })
  })

  it('shares one listener between sources, and gives each path to one of them', async () => {
    const server = serve()
    await Promise.all([server.listen(LOCAL), server.post(LOCAL, '/events', { handle: async () => taken })])
    await server.post(LOCAL, '/other', { handle: async () => taken })
    expect(server.addresses).toHaveLength(1)
    await expect(server.post(LOCAL, '/events', { handle: async () => taken })).rejects.toThrow(
      'two sources receive posts',
    )
  })

  it.each([
    ['GET', '/nothing', 404, '/nothing not found'],
    ['POST', '/nothing', 404, '/nothing not found'],
    ['GET', '/events', 405, 'GET is not allowed here: use POST'],
    ['POST', '/healthz', 405, 'POST is not allowed here: use GET, HEAD'],
    ['DELETE', '/events', 405, 'DELETE is not allowed here: use POST'],
  ])('%s %s: %i', async (method, path, status, error) => {
    const { ask } = await started()
    const answer = await ask(path, { method })
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.text)).toMatchObject({ error })
    expect(answer.headers.get('allow') !== null).toBe(status === 405)
  })

  it('refuses a body that is too large before and while reading it', async () => {
    const { post } = await started()
    const answer = await post({}, 'x'.repeat(1001))
    expect(answer.status).toBe(413)
    expect(answer.text).toContain('the body is larger than 1000 bytes: send fewer events')
  })

  it('answers 500 without internal details if a handler fails', async () => {
    const { post } = await started({}, () => Promise.reject(new Error('password is hunter2')))
    const text = '{"accepted":0,"rejected":[],"error":"internal error"}'
    expect(await post()).toMatchObject({ status: 500, text })
  })

  it('answers 429 while too many requests are under way, and accepts events again afterwards', async () => {
    const waiting: (() => void)[] = []
    const { post } = await started({}, () => new Promise((resolve) => waiting.push(() => resolve(taken))))
    const bodies = Array.from({ length: 6 }, () => post({}, 'x'.repeat(1000)))
    await until(() => waiting.length === 6)
    const full = await post()
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '1'])
    for (const answer of waiting.splice(0)) answer()
    expect((await Promise.all(bodies)).map(({ status }) => status)).toEqual(Array(6).fill(202))
    const again = post()
    await until(() => waiting.length === 1)
    waiting[0]!()
    expect((await again).status).toBe(202)
  })

  it('releases the reservation of a client that disconnects', async () => {
    const { server, post } = await started()
    const { port } = server.addresses[0]!
    const head = 'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx'
    const clients = Array.from({ length: 6 }, () => {
      const client = connect(port, '127.0.0.1', () => client.write(head))
      client.on('error', () => {})
      return client
    })
    await until(async () => (await post({}, 'x')).status === 429)
    for (const client of clients) client.destroy()
    await until(async () => (await post({}, 'x')).status === 202)
  })

  it('asks the source before the body is read whether a client has to retry later', async () => {
    const server = serve()
    const asked: string[] = []
    const later: OutboundResponse = { status: 429, headers: { 'retry-after': '7' }, body: { accepted: 0 } }
    const refusal = (client: string) => {
      asked.push(client)
      return later
    }
    await server.post(LOCAL, '/events', { handle: () => Promise.reject(new Error('read')), refusal })
    const url = `http://127.0.0.1:${server.addresses[0]!.port}/events`
    const answer = await fetch(url, { method: 'POST', body: '{}' })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
    expect(asked).toEqual(['127.0.0.1'])
  })

  it('aborts the signal of a handler when its client disconnects', async () => {
    const signals: AbortSignal[] = []
    const { server } = await started({}, async ({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    const client = connect(server.addresses[0]!.port, '127.0.0.1', () =>
      client.write('POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx'),
    )
    client.on('error', () => {})
    await until(() => signals.length === 1)
    expect(signals[0]!.aborted).toBe(false)
    client.destroy()
    await until(() => signals[0]!.aborted)
  })

  it('answers the requests under way before it closes', async () => {
    const waiting: (() => void)[] = []
    const { server, post } = await started(
      {},
      () => new Promise((resolve) => waiting.push(() => resolve(taken))),
    )
    const answer = post()
    await until(() => waiting.length === 1)
    const closed = server.close()
    waiting[0]!()
    expect((await answer).status).toBe(202)
    await closed
    await expect(post()).rejects.toThrow()
  })

  it('rejects with a UserError if the address is in use', async () => {
    const { server } = await started()
    await expect(serve().listen(server.addresses[0]!)).rejects.toMatchObject({
      kind: 'user',
      message: expect.stringContaining('cannot listen on 127.0.0.1:') as unknown,
    })
  })
})

describe('a client that may post', () => {
  it('is only a client with the token, which is read for each request', async () => {
    let token = 'first'
    const { post } = await started({ token: () => token })
    const status = async (headers: Record<string, string>) => (await post(headers)).status
    expect(await status({})).toBe(401)
    expect((await post()).headers.get('www-authenticate')).toBe('Bearer')
    expect(await status({ authorization: 'Bearer wrong' })).toBe(401)
    expect(await status({ authorization: 'Basic first' })).toBe(401)
    expect(await status({ authorization: 'bearer first' })).toBe(202)
    token = 'second'
    expect(await status({ authorization: 'Bearer first' })).toBe(401)
    expect(await status({ authorization: 'Bearer second' })).toBe(202)
  })

  it('is a client with a token of the role ingest, as soon as there is one', async () => {
    const token = (name: string, role: Role) => {
      return { name, role, digest: tokenDigest(`the-token-${name}`), expiresAt: null }
    }
    let tokens = [token('reader', 'viewer')]
    const { post } = await started({ rules: () => ({ tokens, proxy: null }) })
    const status = async (headers: Record<string, string>) => (await post(headers)).status
    expect(await status({})).toBe(202)
    tokens = [...tokens, token('shipper', 'ingest')]
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer the-token-shipper' })).toBe(202)
    const refused = await post({ authorization: 'Bearer the-token-reader' })
    expect([refused.status, JSON.parse(refused.text).error]).toEqual([
      403,
      'this needs the role ingest, and reader has the role viewer',
    ])
  })

  it('[SEC-3.2] this machine may post without a token, but no web page on it', async () => {
    const { post } = await started()
    expect((await post()).status).toBe(202)
    expect((await post({ origin: 'https://evil.example.com' })).status).toBe(403)
  })

  const REQUESTS = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /nothing', 'POST /events']
  const ask = async (server: Server, request: string, headers: string) => {
    const answer = await raw(server, `${request} HTTP/1.1\r\n${headers}\r\nContent-Length: 0\r\n\r\n`)
    return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
  }

  it.each([
    'localhost',
    'LocalHost:80',
    '127.0.0.1',
    '127.9.9.9:8080',
    '[::1]',
    '[::1]:1',
    'proxy.example',
    'proxy.example:8443',
  ])('[SEC-3.2] a client without a token may post under the name %s of this machine', async (name) => {
    const { server } = await started({ names: ['proxy.example'] })
    for (const request of REQUESTS) expect(await ask(server, request, `Host: ${name}`)).not.toBe(421)
  })

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '[::2]',
    '10.0.0.1',
    '',
    'proxy.example.evil',
  ])(
    '[SEC-3.2] a client without a token may not post under the name "%s", which a page may have pointed at this machine',
    async (name) => {
      const { server } = await started({ names: ['proxy.example'] })
      for (const request of REQUESTS) expect(await ask(server, request, `Host: ${name}`)).toBe(421)
    },
  )

  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin, cross-site', 403],
    ['', 403],
    ['none', 200],
    ['same-origin', 200],
  ])(
    '[SEC-3.2] a client without a token that sends Sec-Fetch-Site: %s is answered with %i',
    async (site, status) => {
      const { server } = await started()
      for (const request of REQUESTS) {
        const answered = await ask(server, request, `Host: localhost\r\nSec-Fetch-Site: ${site}`)
        if (status === 403) expect(answered).toBe(403)
        else expect(answered).not.toBe(403)
      }
    },
  )

  it('a client with a token may post under any name', async () => {
    const { server } = await started({ token: () => 'secret' })
    expect(await ask(server, 'GET /healthz', 'Host: evil.example\r\nSec-Fetch-Site: cross-site')).toBe(200)
    const authorised = 'Host: evil.example\r\nAuthorization: Bearer secret'
    expect(await ask(server, 'POST /events', authorised)).toBe(202)
  })

  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('[SEC-3.1] %s needs a token', async (host) => {
    for (const token of [undefined, () => null, () => '']) {
      await expect(serve(token ? { token } : {}).listen({ host, port: 0 })).rejects.toMatchObject({
        kind: 'user',
        hint: expect.stringContaining('--http-token-file') as unknown,
      })
    }
  })

  it('a token that is emptied for a moment opens nothing, also not on this machine', async () => {
    const { post } = await started({ token: () => '' })
    expect((await post()).status).toBe(401)
    expect((await post({ authorization: 'Bearer ' })).status).toBe(401)
  })

  it('a token that vanishes shuts an open address', async () => {
    let token: string | null = 'first'
    const server = serve({ token: () => token })
    await server.post({ host: '0.0.0.0', port: 0 }, '/events', { handle: async () => taken })
    token = null
    const url = `http://127.0.0.1:${server.addresses[0]!.port}/events`
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401)
  })
})

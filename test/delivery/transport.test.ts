import { readFileSync } from 'node:fs'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '../../src/delivery/http/http-client.ts'
import { isPrivateAddress } from '../../src/delivery/http/private-address.ts'
import type { HttpRequest, Transport } from '../../src/model/ports.ts'
import { startProxy } from '../support/proxy.ts'
import { REFUSING_PORT, type Receiver, startReceiver } from '../support/receiver.ts'

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', name), 'utf8')
const http = createHttpClient({ connectTimeoutMs: 20_000, totalTimeoutMs: 20_000, maxBodyBytes: 1_000 })
afterAll(() => http.close())

const send = (url: string, transport: Transport = {}, over: Partial<HttpRequest> = {}) =>
  http.send(
    { method: 'POST', url, headers: {}, body: 'text', ...over },
    new AbortController().signal,
    transport,
  )

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

async function listening<T extends Server>(server: T): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

describe('TLS', () => {
  let server: ReturnType<typeof createSecureServer>
  let url: string
  beforeEach(async () => {
    const given = { key: pem('server.key'), cert: pem('server.pem'), ca: pem('ca.pem') }
    server = createSecureServer(
      { ...given, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const socket = request.socket as TLSSocket
        response.end(socket.authorized ? socket.getPeerCertificate().subject.CN : 'nobody')
      },
    )
    url = `https://127.0.0.1:${await listening(server as never)}/top-secret`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  it('[DEL-9.1] trusts the authority it is given, and no other', async () => {
    expect((await send(url, { ca: pem('ca.pem') })).body).toBe('nobody')
    await expect(send(url)).rejects.toMatchObject({
      kind: 'retryable',
      message: expect.stringMatching(
        /^https:\/\/127\.0\.0\.1:\d+: the certificate comes from an unknown authority/,
      ),
    })
  })

  it('the client presents its certificate', async () => {
    const transport = { ca: pem('ca.pem'), certificate: pem('client.pem'), key: pem('client.key') }
    expect((await send(url, transport)).body).toBe('client')
  })

  it('an invalid client key is a permanent error of the destination, and is not quoted', async () => {
    const transport = { ca: pem('ca.pem'), certificate: pem('client.pem'), key: 'top-secret' }
    const error: unknown = await send(url, transport).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ kind: 'permanent', scope: 'destination' })
    expect((error as Error).message).not.toContain('top-secret')
  })
})

describe('a proxy', () => {
  it('[DEL-9.1] a proxy forwards the request, and gets only its own credentials', async () => {
    const seen: string[] = []
    const proxy = createServer()
    proxy.on('connect', (request, socket, head) => {
      seen.push(`${request.url} ${request.headers['proxy-authorization']}`)
      const { hostname, port } = new URL(`http://${request.url}`)
      const upstream = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        upstream.write(head)
        upstream.pipe(socket)
        socket.pipe(upstream)
      })
      upstream.on('error', () => socket.destroy())
      socket.on('error', () => upstream.destroy())
    })
    // Plain HTTP may also be asked for by its full URL.
    proxy.on('request', (request, response) => {
      const target = new URL(request.url ?? '')
      seen.push(`${target.host} ${request.headers['proxy-authorization']}`)
      const { 'proxy-authorization': _, ...headers } = request.headers
      request.pipe(
        httpRequest(target, { method: request.method, headers }, (answer) => answer.pipe(response)),
      )
    })
    const port = await listening(proxy)
    expect((await send(receiver.url, { proxy: `http://me:pass@127.0.0.1:${port}` })).body).toBe('ok')
    await receiver.until(1)
    expect(seen).toEqual([`${new URL(receiver.url).host} Basic ${btoa('me:pass')}`])
    expect(receiver.requests[0]!.headers).not.toHaveProperty('proxy-authorization')
    proxy.closeAllConnections()
    proxy.close()
  })
})

it('a failure on the way through a proxy names the proxy, and not its password', async () => {
  const proxy = `127.0.0.1:${REFUSING_PORT}`
  await expect(send(receiver.url, { proxy: `http://me:pass-word@${proxy}` })).rejects.toMatchObject({
    kind: 'retryable',
    message: `${receiver.url}: connection refused (ECONNREFUSED) (via proxy ${proxy})`,
  })
})

describe('a proxy that refuses', () => {
  const secure = 'https://localhost:1'
  it.each([
    [407, secure, 'permanent', 'the proxy wants authentication (407)'],
    [407, 'http://localhost:1', 'permanent', 'the proxy wants authentication (407)'],
    [502, secure, 'retryable', 'the proxy answered 502'],
    [403, secure, 'retryable', 'the proxy answered 403'],
  ])('with %i to %s is named with its answer', async (status, url, kind, message) => {
    const proxy = await startProxy(status)
    await expect(send(url, { proxy: proxy.url })).rejects.toMatchObject({
      kind,
      message: `${url}: ${message} (via proxy ${new URL(proxy.url).host})`,
      ...(kind === 'permanent' && { scope: 'destination' }),
    })
    await proxy.close()
  })
})

describe('redirects', () => {
  it('redirects are followed if the options allow it and the request stays the same', async () => {
    receiver.script({ status: 308, headers: { location: '/moved' } })
    expect(await send(`${receiver.url}/old`, { followRedirects: true })).toMatchObject({ status: 200 })
    await receiver.until(2)
    expect(receiver.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/old', 'text'],
      ['POST', '/moved', 'text'],
    ])
  })

  it.each([301, 302, 303])(
    'a redirect with the status %i is refused if it would change the request',
    async (status) => {
      receiver.script({ status, headers: { location: '/moved' } })
      expect(await send(receiver.url, { followRedirects: true })).toMatchObject({ status })
      await receiver.until(1)
    },
  )

  it('at most three redirects are followed', async () => {
    receiver.always({ status: 307, headers: { location: '/again' } })
    expect(await send(receiver.url, { followRedirects: true })).toMatchObject({ status: 307 })
    await receiver.until(4)
  })

  it('[DEL-9.2] redirects to another host carry no credentials', async () => {
    const other = await startReceiver()
    receiver.script({ status: 307, headers: { location: other.url } })
    const headers = {
      Authorization: 'Bearer top-secret',
      'X-Key': 'top-secret',
      'Content-Type': 'text/plain',
    }
    await send(receiver.url, { followRedirects: true }, { headers })
    await Promise.all([receiver.until(1), other.until(1)])
    expect(receiver.requests[0]!.headers).toMatchObject({ authorization: 'Bearer top-secret' })
    expect(other.requests[0]!.headers).toMatchObject({ 'content-type': 'text/plain' })
    expect(JSON.stringify(other.requests)).not.toContain('top-secret')
    await other.close()
  })

  it('redirects to private addresses are refused with publicOnly', async () => {
    // The name is resolved by the proxy only, and the server behind it redirects to a private address.
    const proxy = createServer((_, response) => {
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    })
    const transport = {
      proxy: `http://127.0.0.1:${await listening(proxy)}`,
      followRedirects: true,
      publicOnly: true,
    }
    await expect(send('http://alerts.example.com/', transport)).rejects.toMatchObject({
      kind: 'permanent',
      scope: 'destination',
      message: expect.stringMatching(/^http:\/\/169\.254\.169\.254: the address is private/),
    })
    proxy.closeAllConnections()
    proxy.close()
  })
})

describe('publicOnly', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]', '10.1.2.3', '[::ffff:169.254.169.254]'])(
    '[DEL-9.3] refuses %s',
    async (host) => {
      const { port } = new URL(receiver.url)
      await expect(send(`http://${host}:${port}/`, { publicOnly: true })).rejects.toMatchObject({
        kind: 'permanent',
        scope: 'destination',
        message: expect.stringContaining('the address is private'),
      })
    },
  )

  it.each([
    ['8.8.8.8', false],
    ['172.15.0.1', false],
    ['172.16.0.1', true],
    ['100.64.0.1', true],
    ['169.254.169.254', true],
    ['2606:4700::1111', false],
    ['fd00::1', true],
    ['fe80::1', true],
    ['::ffff:192.168.0.1', true],
    ['64:ff9b::7f00:1', true],
    ['2002:7f00:1::', true],
    ['fec0::1', true],
  ])('publicOnly recognizes %s', (address, isPrivate) => expect(isPrivateAddress(address)).toBe(isPrivate))
})

it('[DEL-9.1] a request ends at the time limit of the destination', async () => {
  receiver.script({ fault: 'silent' })
  await expect(send(receiver.url, { timeoutMs: 100 })).rejects.toMatchObject({
    message: `${receiver.url}: no answer within 100 ms`,
  })
  await receiver.until(1)
})

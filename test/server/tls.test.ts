/** TLS of the server: its certificate, those of clients, a reload, and the files that cannot be used. */
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpTlsFiles, readServerTls } from '../../src/daemon/access/http-tls.ts'
import { nullLog } from '../../src/model/ports.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createServer, type Server, type ServerOptions } from '../../src/server/server.ts'

const FOLDER = join(import.meta.dirname, '..', 'support', 'tls')
const file = (name: string) => join(FOLDER, name)
const pem = (name: string) => readFileSync(file(name), 'utf8')
const SERVER = { certificate: file('server.pem'), key: file('server.key') }
const CLIENT = { certificate: file('client.pem'), key: file('client.key') }
const LOCAL = { host: '127.0.0.1', port: 0 }

const open: Server[] = []
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())))

async function started(options: Partial<ServerOptions>): Promise<Server> {
  const ready = () => ({ ok: true, reasons: [] })
  const server = createServer({ log: nullLog, metrics: createMetrics(), ready, bodyBytes: 1_000, ...options })
  open.push(server)
  await server.listen(LOCAL)
  return server
}

/** Returns the status, and the name in the certificate of the server. */
function ask(server: Server, more: object = {}): Promise<{ status: number; name: string | string[] }> {
  const { port } = server.addresses[0]!
  const options = { host: '127.0.0.1', port, path: '/healthz', ca: pem('ca.pem'), agent: false, ...more }
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      const name = (response.socket as TLSSocket).getPeerCertificate().subject.CN
      response.resume().on('end', () => resolve({ status: response.statusCode!, name }))
    })
    asked.on('error', reject).end()
  })
}

describe('a server with a certificate', () => {
  it('answers over TLS, and not without', async () => {
    const server = await started({ tls: () => readServerTls(SERVER) })
    expect(await ask(server)).toEqual({ status: 200, name: 'server' })
    await expect(fetch(`http://127.0.0.1:${server.addresses[0]!.port}/healthz`)).rejects.toThrow()
  })

  it('demands a certificate of the client when an authority is given', async () => {
    const server = await started({ tls: () => readServerTls({ ...SERVER, clientCa: file('ca.pem') }) })
    await expect(ask(server)).rejects.toThrow()
    const shown = { cert: pem('client.pem'), key: pem('client.key') }
    expect(await ask(server, shown)).toEqual({ status: 200, name: 'server' })
  })

  it('shows new connections the renewed certificate, and still demands those of clients', async () => {
    let files: HttpTlsFiles = { ...SERVER, clientCa: file('ca.pem') }
    const server = await started({ tls: () => readServerTls(files) })
    files = { ...CLIENT, clientCa: file('ca.pem') }
    server.renewCertificate()
    const shown = { cert: pem('client.pem'), key: pem('client.key') }
    expect(await ask(server, shown)).toEqual({ status: 200, name: 'client' })
    await expect(ask(server)).rejects.toThrow()
  })
})

describe('the parts of a server', () => {
  it('are at the address of their own alone', async () => {
    const server = await started({
      partsAt: { host: '127.0.0.2', port: 0 },
      parts: [(scope) => void scope.get('/part', async () => 'part')],
    })
    await server.listen({ host: '127.0.0.2', port: 0 })
    const statuses = server.addresses.map(async ({ host, port }) => {
      return (await fetch(`http://${host}:${port}/part`)).status
    })
    expect(await Promise.all(statuses)).toEqual([404, 200])
  })
})

describe('the files of a certificate', () => {
  const broken = () => {
    const path = join(process.env.TMPDIR ?? '/tmp', `broken-${process.pid}.pem`)
    writeFileSync(path, 'no certificate')
    return path
  }
  it.each([
    ['a certificate alone', { certificate: SERVER.certificate }, /^--http-tls-cert needs --http-tls-key$/],
    ['a key alone', { key: SERVER.key }, /^--http-tls-key needs --http-tls-cert$/],
    ['an authority alone', { clientCa: file('ca.pem') }, /^--http-client-ca needs --http-tls-cert$/],
    ['a key of another certificate', { ...SERVER, key: CLIENT.key }, /^--http-tls-key: .* is not the key of/],
    [
      'a certificate as the key',
      { ...SERVER, key: SERVER.certificate },
      /^--http-tls-key: .* holds no private/,
    ],
    ['a missing file', { ...SERVER, certificate: '/missing.pem' }, /^--http-tls-cert: .* cannot be read/],
    [
      'a broken certificate',
      { ...SERVER, certificate: broken() },
      /^--http-tls-cert: .* holds no certificate/,
    ],
    ['a broken authority', { ...SERVER, clientCa: broken() }, /^--http-client-ca: .* holds no certificate/],
  ])('%s is refused with the name of the option', (_what, files, message) => {
    expect(() => readServerTls(files)).toThrow(message)
  })

  it('are not needed', () => {
    expect(readServerTls({})).toBeNull()
  })
})

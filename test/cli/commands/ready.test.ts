/** `ready` against real servers: a daemon's own server, and programs that answer otherwise. */
import { readFileSync } from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { REFUSING_PORT, type Receiver, startReceiver } from '../../support/receiver.ts'
import { signalbox } from '../fake-io.ts'

const TLS = join(import.meta.dirname, '../../support/tls')
const READY = { status: 200, body: '{"ok":true,"reasons":[]}' }
const DRAINING = { status: 503, body: '{"ok":false,"reasons":["draining","nats:A failed\\u001b[2J"]}' }

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
  receiver.expect(10)
})
afterEach(() => receiver.close())

describe('ready', () => {
  it('asks /readyz and exits with 0', async () => {
    receiver.always(READY)
    expect(await signalbox(['ready', receiver.url])).toEqual({ code: 0, out: 'ready\n', err: '' })
    expect(receiver.requests).toMatchObject([{ method: 'GET', path: '/readyz' }])
  })

  it('keeps the path of an address that has one', async () => {
    receiver.always({ status: 200, body: '{"ok":true}' })
    expect(await signalbox(['ready', `${receiver.url}/signalbox/healthz?a=1`])).toMatchObject({ code: 0 })
    expect(receiver.requests).toMatchObject([{ path: '/signalbox/healthz?a=1' }])
  })

  it('prints the reasons of a daemon that is not ready, without control characters, and exits with 1', async () => {
    receiver.always(DRAINING)
    const { code, out } = await signalbox(['ready', receiver.url])
    expect(code).toBe(1)
    expect(out).toMatch(/^not ready: draining; nats:A failed.*\n$/)
    expect(out).not.toContain('\u001b')
    const json = await signalbox(['ready', receiver.url, '--format', 'json'])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toEqual({
      version: 1,
      ready: false,
      reasons: ['draining', 'nats:A failed\u001b[2J'],
    })
  })

  it.each([
    ['a page of another program', { status: 200, body: '<html>welcome</html>' }, 'status 200'],
    ['a redirection', { status: 302, headers: { location: '/readyz' }, body: '' }, 'status 302'],
    ['null', { status: 200, body: 'null' }, 'status 200'],
    ['a proxy whose daemon is away', { status: 502, body: '{"ok":true}' }, 'status 502'],
    ['an endless answer', { fault: 'endless-body' }, 'not one of Signalbox'],
    ['a connection that closes', { fault: 'reset' }, 'connection reset'],
  ] as const)('is not ready with %s', async (_, answer, reason) => {
    receiver.always(answer)
    const { code, out } = await signalbox(['ready', receiver.url, '--timeout', '60s'])
    expect(out).toContain(reason)
    expect(code).toBe(1)
  })

  it.each(['silent', 'stalled-body'] as const)('ends after --timeout: %s', async (fault) => {
    receiver.always({ fault })
    const { code, out } = await signalbox(['ready', receiver.url, '--timeout', '50ms'])
    expect(out).toBe('not ready: no answer within 50 ms\n')
    expect(code).toBe(1)
  })

  it('is not ready where no process listens', async () => {
    const { code, out } = await signalbox(['ready', `http://127.0.0.1:${REFUSING_PORT}`])
    expect(out).toBe('not ready: connection refused (ECONNREFUSED)\n')
    expect(code).toBe(1)
  })

  it('asks again with --wait until the daemon is ready', async () => {
    receiver.script(DRAINING)
    receiver.always(READY)
    expect(await signalbox(['ready', receiver.url, '--wait', '150s'])).toMatchObject({ code: 0 })
    expect(receiver.requests).toHaveLength(2)
  })

  it('gives the last answer when the time of --wait has passed', async () => {
    receiver.always(DRAINING)
    expect(await signalbox(['ready', receiver.url, '--wait', '1ms'])).toMatchObject({ code: 1 })
  })

  it('trusts the authorities of --ca only', async () => {
    const pem = (name: string) => readFileSync(join(TLS, name), 'utf8')
    const server = createSecureServer({ key: pem('server.key'), cert: pem('server.pem') }, (_, response) =>
      response.end(READY.body),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await signalbox(['ready', url, '--ca', join(TLS, 'ca.pem')])).toMatchObject({ code: 0 })
    const { code, out } = await signalbox(['ready', url])
    expect(code).toBe(1)
    expect(out).toContain('certificate')
  })

  it.each([
    [['ready', 'localhost:8080'], 'invalid-argument'],
    [['ready', 'https://user:hunter2@'], 'invalid-argument'],
    [['ready', 'http://127.0.0.1:1', '--ca', '/nonexistent/ca.pem'], 'unreadable-file'],
    [['ready', 'http://127.0.0.1:1', '--timeout', 'soon'], 'invalid-option'],
  ])('refuses %j', async (argv, errorCode) => {
    const { code, err } = await signalbox(argv)
    expect(code).toBe(2)
    expect(err).toContain(`[${errorCode}]`)
    expect(err).not.toContain('hunter2')
  })
})

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import {
  AuthorizationError,
  connect,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import nats from '../../src/destinations/nats.ts'
import { destinationContract } from '../contract/destination.ts'
import { pausing } from '../contract/stored.ts'
import { sampleMessage, sendDirectly } from '../support/message.ts'
import { type NatsFake, receiveByLines, startNats } from '../support/nats.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { REFUSING_PORT } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const TOKEN = 'T0KEN-of-nats'

const INFO = 'INFO {"server_id":"fake","version":"2.10.0","headers":true,"max_payload":1048576}\r\n'

destinationContract('nats', {
  exact: ['data'],
  options: () => ({ servers: ['nats://nats.example.com:4222'], subject: 'soc.alerts', token: TOKEN }),
  secrets: [TOKEN],
  direct: {
    at: (host, port, tls) => {
      return { servers: [`${tls ? 'tls' : 'nats'}://${host}:${port}`], subject: 'soc.alerts', token: TOKEN }
    },
    tongue: {
      greeting: INFO,
      flood: 'INFO {"server_id":"',
      quote: (said) => `-ERR 'Authorization Violation: ${said.split('\r\n')[0]}'\r\n`,
      beforeTls: INFO.replace('{', '{"tls_required":true,'),
    },
    outcomes: { 'quotes what it was sent': pausing(/: Authorization Violation: .*"auth_token":"<secret>"/) },
    reader: { program: 'nats-server', receive: receiveByServer },
  },
  faults: {
    'a sign-in that is refused': [
      new AuthorizationError('Authorization Violation'),
      new UserAuthenticationExpiredError('User Authentication Expired'),
    ],
    'no permission for the subject': [
      new PermissionViolationError('Permissions Violation for Publish', 'publish', 'soc.alerts'),
    ],
    'no stream for the subject, or a server without JetStream': [
      new NoRespondersError('soc.alerts'),
      new Error('jetstream is not enabled'),
    ],
    'a message above the `max_payload` of the server or the `max_msg_size` of the stream': [
      new Error("'max_payload' size is exceeded"),
      new Error('message size exceeds maximum allowed'),
    ],
  },
})

/** The server parses what it gets, stores it and passes it on. */
async function receiveByServer(send: (options: Record<string, unknown>) => Promise<unknown>) {
  const server = await startServer('nats', [], {})
  try {
    const { subject, headers, body } = await receiveByLines(Number(new URL(server.url).port), TOKEN, () =>
      send({ servers: [server.url], subject: 'soc.alerts', token: TOKEN }),
    )
    const { title } = JSON.parse(body) as { title: string }
    const form = /^NATS\/1\.0\r\n(?:[\w-]+: [!-~]+\r\n)+\r\n$/
    const defects = form.test(headers) && subject === 'soc.alerts' ? [] : [subject, headers]
    return { defects, key: /^nats-msg-id: (.*)$/im.exec(headers)?.[1] ?? '', text: title }
  } finally {
    server.kill()
  }
}

const sample = sampleMessage('t')
const send = (url: string, over: object = {}) =>
  sendDirectly(nats, sample, { servers: [url], subject: 'soc.alerts', token: TOKEN, ...over })

describe('over the line protocol', () => {
  let server: NatsFake
  afterEach(() => server.close())

  it('an alert is stored once, however often it is sent', async () => {
    server = await startNats()
    expect(await send(server.url)).toEqual({ message: 'stored in ALERTS as 1' })
    expect(await send(server.url)).toEqual({
      message: 'stored in ALERTS as 1, by an earlier attempt',
    })
    expect([...server.stored.keys()]).toEqual([sample.idempotencyKey])
    expect(server.stored.get(sample.idempotencyKey)).toBe(sample.json)
  })

  it('the alert is only published if no stream is requested', async () => {
    server = await startNats()
    expect(await send(server.url, { jetstream: false })).toEqual({ message: 'published to soc.alerts' })
    expect(server.heard).toEqual([sample.json])
  })

  it('the destination pauses if no stream has the subject', async () => {
    server = await startNats(null)
    await expect(send(server.url)).rejects.toMatchObject({ kind: 'permanent', scope: 'destination' })
  })

  it('a rejected token pauses the destination and is not revealed', async () => {
    server = await startNats()
    const refused = send(server.url, { token: 'another' })
    await expect(refused).rejects.toMatchObject({ kind: 'permanent', scope: 'destination' })
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('another') })
  })
})

it('a delivery waits if the connection is refused', async () => {
  await expect(send(`nats://127.0.0.1:${REFUSING_PORT}`)).rejects.toMatchObject({ kind: 'retryable' })
})

const tls = (name: string) => join(import.meta.dirname, '../support/tls', name)
const ca = readFileSync(tls('ca.pem'), 'utf8')

const SERVERS = [
  ['in plain', 'nats', [], {}],
  [
    'over TLS, with a certificate of ours',
    'tls',
    [
      '--tlsverify',
      '--tlscert',
      tls('server.pem'),
      '--tlskey',
      tls('server.key'),
      '--tlscacert',
      tls('ca.pem'),
    ],
    {
      ca,
      certificate: readFileSync(tls('client.pem'), 'utf8'),
      key: readFileSync(tls('client.key'), 'utf8'),
    },
  ],
] as const

/** A real server with a stream of all subjects below `soc`. */
async function startServer(scheme: string, flags: readonly string[], own: object) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-nats-'))
  // -1: the server chooses a free port and writes it into a file of this folder.
  const address = ['-a', 'localhost', '-p', '-1', '--ports_file_dir', folder]
  const all = [...address, '-js', '-sd', join(folder, 'jetstream'), '--auth', TOKEN, ...flags]
  const server = spawn('nats-server', all, { stdio: 'ignore' })
  const portsFile = join(folder, `nats-server_${server.pid}.ports`)
  await until(() => existsSync(portsFile) && readFileSync(portsFile, 'utf8').trim().endsWith('}'))
  const { nats: urls } = JSON.parse(readFileSync(portsFile, 'utf8')) as { nats: string[] }
  const url = `${scheme}://localhost:${new URL(urls[0]!).port}`
  const { certificate: cert, ...rest } = own as { certificate?: string }
  let connection: NatsConnection | undefined
  await until(async () => {
    const options = { servers: url, token: TOKEN, ...(cert !== undefined && { tls: { cert, ...rest } }) }
    connection = await connect(options).catch(() => undefined)
    return connection
  })
  const { streams } = await jetstreamManager(connection!)
  await streams.add({ name: 'ALERTS', subjects: ['soc.>'] })
  await streams.add({ name: 'SMALL', subjects: ['small.>'], max_msg_size: 100 })
  await connection!.close()
  return { url, kill: () => server.kill() }
}

describeWithProgram('nats-server', 'a real server', () =>
  describe.each(SERVERS)('%s', (_, scheme, tlsFlags, own) => {
    let server: { url: string; kill(): boolean }
    let url: string

    beforeAll(async () => {
      server = await startServer(scheme, tlsFlags, own)
      url = server.url
    })
    afterAll(() => void server.kill())

    it('nats-server stores an alert once', async () => {
      expect(await send(url, own)).toEqual({ message: 'stored in ALERTS as 1' })
      expect(await send(url, own)).toEqual({
        message: 'stored in ALERTS as 1, by an earlier attempt',
      })
    })

    it('a subject without a stream is refused by nats-server', async () => {
      await expect(send(url, { ...own, subject: 'elsewhere' })).rejects.toMatchObject({
        scope: 'destination',
      })
    })

    it('a message that is too large for the stream is refused by nats-server, and others are not', async () => {
      await expect(send(url, { ...own, subject: 'small.alerts' })).rejects.toMatchObject({
        kind: 'permanent',
        scope: 'delivery',
      })
    })

    it('a connection with a wrong token is refused', async () => {
      await expect(send(url, { ...own, token: 'another' })).rejects.toMatchObject({
        kind: 'permanent',
        scope: 'destination',
      })
    })
  }),
)

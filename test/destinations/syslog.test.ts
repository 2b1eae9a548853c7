import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import syslog from '../../src/destinations/syslog.ts'
import { destinationContract } from '../contract/destination.ts'
import { delivered } from '../contract/stored.ts'
import { leastMessage, messageOf, mostMessage, sampleMessage, sendDirectly } from '../support/message.ts'
import { REFUSING_PORT } from '../support/receiver.ts'
import { receiveByRsyslog } from '../support/rsyslog.ts'

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', name), 'utf8')

/** If a receiver closes without waiting, it may have read everything or nothing. */
const UNKNOWN = { due: expect.any(Number), attempts: 1, message: /tcp:/ }

destinationContract('syslog', {
  exact: ['line'],
  options: () => ({ host: 'syslog.example.com', key: 'T0KEN-of-the-key', certificate: 'PEM' }),
  secrets: ['T0KEN-of-the-key'],
  cuts: /^title cut from \d+ to 200 characters; left out the alert context: \d+ bytes are more than \d+/,
  direct: {
    at: (host, port, tls) => ({ host, port, protocol: tls ? 'tls' : 'tcp' }),
    tongue: { greeting: '', flood: 'x', quote: (said) => said, beforeTls: '' },
    // Syslog has no answers, so a message that was written without an error counts as delivered.
    outcomes: {
      'hangs up': { ...UNKNOWN, state: expect.stringMatching(/^(?:delivered|waiting)$/) },
      'is silent': delivered(/^written to tcp:/),
      'stalls mid-talk': delivered(/^written to tcp:/),
      'never stops': delivered(/^written to tcp:/),
      'talks garbage': { ...UNKNOWN, state: expect.stringMatching(/^(?:delivered|waiting)$/) },
      'quotes what it was sent': delivered(/^written to tcp:/),
    },
    reader: {
      program: 'rsyslogd',
      async receive(send) {
        const read = await receiveByRsyslog((port) => send({ host: '127.0.0.1', port, protocol: 'tcp' }))
        const { time, protocol, facility, app, kind, data } = read
        const { key = '', title = '' } = data['alert@32473'] ?? {}
        const head = { protocol, facility, app, kind }
        const expected = { protocol: '1', facility: '16', app: 'signalbox', kind: 'RULE' }
        const isRight = JSON.stringify(head) === JSON.stringify(expected)
        return {
          defects: isRight ? [] : [JSON.stringify(head)],
          key,
          time: Date.parse(time),
          text: title,
        }
      },
    },
  },
})

function lineOf(message: ReturnType<typeof messageOf>, options: object = {}): string {
  if (!('payload' in syslog)) throw new Error('syslog speaks no HTTP')
  return (syslog.payload(message, { host: 'x', ...options } as never) as { line: string }).line
}

/** RFC 5424, section 6. */
const MESSAGE =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT[\d:.]+Z) ([!-~]+) ([!-~]{1,48}) - ([!-~]{1,32}) (\[alert@32473(?: \w+="(?:[^"\\\]]|\\["\\\]])*")*\]) ([\s\S]*)$/

describe('the message', () => {
  it.each([sampleMessage('t'), leastMessage(), mostMessage()])(
    'the message has the form of RFC 5424',
    (message) => {
      expect(lineOf(message)).toMatch(MESSAGE)
    },
  )

  it('the message contains the notification with every digit', () => {
    const [, , , , , , , body] = MESSAGE.exec(lineOf(messageOf({}, '')))!
    expect(body).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
    expect(Object.keys(JSON.parse(body!))).toHaveLength(13)
  })

  it.each([
    ['CRITICAL', 130],
    ['HIGH', 131],
    ['MEDIUM', 132],
    ['LOW', 133],
    ['INFO', 134],
  ] as const)('%s has the priority %i', (value, priority) => {
    const [, given] = MESSAGE.exec(lineOf(messageOf({ severity: { value, source: 'static' } }, '')))!
    expect(Number(given)).toBe(priority)
  })

  it.each([480, 2_048, 65_000])('the message fits into %i bytes', (maxBytes) => {
    expect(Buffer.byteLength(lineOf(mostMessage(), { maxBytes }))).toBeLessThanOrEqual(
      Math.max(maxBytes, 1_500),
    )
  })

  it('the title in the structured data is cut between characters', () => {
    const [, , , , , , data] = MESSAGE.exec(lineOf(mostMessage(), { maxBytes: 65_000 }))!
    const [, title = ''] = /title="((?:[^"\\]|\\.)*)"/.exec(data!)!
    expect(title).toMatch(/(?:👩‍👩‍👧‍👦)+…$/u)
  })

  it('no alert can end the structured data', () => {
    const [, , , , , , data] = MESSAGE.exec(lineOf(messageOf({ title: 'x"] <0>1 evil\n' }, '')))!
    expect(data).toContain('title="New Alert: x\\"\\] <0>1 evil ')
  })
})

const sample = sampleMessage('t')
let server: Server | undefined
afterEach(() => server?.close())

/** Everything that the first connection sent. */
async function listening(make: (onData: (text: string) => void) => Server) {
  const received = Promise.withResolvers<string>()
  server = make(received.resolve)
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, received: received.promise }
}
const reading = (done: (text: string) => void) => (socket: NodeJS.ReadableStream) => {
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  socket.on('end', () => done(text))
  socket.on('error', () => {})
}

describe('over the wire', () => {
  it('UDP sends one datagram', async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const received = new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve(data.toString())),
    )
    const options = { host: '127.0.0.1', port: socket.address().port, protocol: 'udp' }
    await sendDirectly(syslog, sample, options)
    expect(await received).toBe(lineOf(sample, options))
    socket.close()
  })

  it.each([
    ['octets', (line: string) => `${Buffer.byteLength(line)} ${line}`],
    ['newline', (line: string) => `${line}\n`],
  ])('TCP, framed by %s', async (framing, framed) => {
    const { port, received } = await listening((done) => createServer(reading(done)))
    const options = { host: '127.0.0.1', port, protocol: 'tcp', framing }
    await sendDirectly(syslog, sample, options)
    expect(await received).toBe(framed(lineOf(sample, options)))
  })

  it('TLS presents a client certificate', async () => {
    const tls = { key: pem('server.key'), cert: pem('server.pem'), ca: pem('ca.pem'), requestCert: true }
    const { port, received } = await listening((done) => createTlsServer(tls, reading(done)))
    const own = { ca: pem('ca.pem'), certificate: pem('client.pem'), key: pem('client.key') }
    await sendDirectly(syslog, sample, { host: 'localhost', port, ...own })
    expect(await received).toContain(lineOf(sample, {}))
  })

  it.each([
    ['localhost', 'localhost'],
    ['127.0.0.1', false],
  ])('TLS names the server %s as %s, because an IP address is no server name', async (host, named) => {
    const tls = { key: pem('server.key'), cert: pem('server.pem') }
    const names: unknown[] = []
    const { port } = await listening((done) =>
      createTlsServer(tls, (socket) => {
        names.push((socket as TLSSocket & { servername: string | false }).servername)
        reading(done)(socket)
      }),
    )
    await sendDirectly(syslog, sample, { host, port, ca: pem('ca.pem') })
    expect(names).toEqual([named])
  })
})

describe('failures are waited out', () => {
  it('a delivery is retried if the connection is refused', async () => {
    const options = { host: '127.0.0.1', port: REFUSING_PORT, protocol: 'tcp' }
    await expect(sendDirectly(syslog, sample, options)).rejects.toMatchObject({ kind: 'retryable' })
  })

  it('a delivery is retried if the certificate is untrusted', async () => {
    const tls = { key: pem('server.key'), cert: pem('server.pem') }
    const { port } = await listening((done) => createTlsServer(tls, reading(done)))
    await expect(sendDirectly(syslog, sample, { host: 'localhost', port })).rejects.toMatchObject({
      kind: 'retryable',
    })
  })

  it('a client certificate that is wanted and not there', async () => {
    const tls = { key: pem('server.key'), cert: pem('server.pem'), ca: pem('ca.pem'), requestCert: true }
    const { port } = await listening((done) => createTlsServer(tls, reading(done)))
    await expect(
      sendDirectly(syslog, sample, { host: 'localhost', port, ca: pem('ca.pem') }),
    ).rejects.toMatchObject({ kind: 'retryable', message: expect.stringContaining('certificate required') })
  })

  it('an attempt that is aborted is a retryable error', async () => {
    const { port } = await listening((done) => createServer(reading(done)))
    const options = { host: '127.0.0.1', port, protocol: 'tcp' }
    const sending = sendDirectly(syslog, sample, options, { signal: AbortSignal.abort() })
    await expect(sending).rejects.toMatchObject({
      kind: 'retryable',
      message: expect.stringContaining('interrupted'),
    })
  })
})

import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { Log } from '../../src/model/ports.ts'
import { nullLog, systemClock } from '../../src/model/ports.ts'
import type { SourceContext } from '../../src/sources/_source.ts'
import { sourceContract } from '../contract/source.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { openSource, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** Runs the source on a free port, which its log names. */
async function start(from: string, context: SourceContext) {
  let port = 0
  const info: Log['info'] = (fields) => {
    if ('port' in fields && typeof fields.port === 'number') port = fields.port
  }
  const abort = new AbortController()
  const signal = AbortSignal.any([context.signal, abort.signal])
  const source = await openSource(from)
  const ended = source.run({ ...context, signal, log: { ...context.log, info } })
  ended.catch(() => {})
  await until(() => port !== 0, { what: 'the port in the log' })
  // A run whose events are never settled does not end, so it is not waited for.
  stops.push(async () => abort.abort())
  return { port, ended, stop: () => abort.abort() }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  stops.push(async () => void socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

function fieldsOf(sink: Sink): Record<string, unknown>[] {
  return sink.texts.map((text) => JSON.parse(text) as Record<string, unknown>)
}

const limits = { eventBytes: 1000, bodyBytes: 100_000 }

sourceContract('syslog', {
  from: 'syslog:tcp://127.0.0.1:0',
  lineOf: (raw) => String((JSON.parse(raw) as { message: string }).message),
  refusal: {
    refused: 'event of 2008 bytes exceeds the limit of 1000',
    position: expect.stringMatching(/^tcp 127\.0\.0\.1 port \d+$/) as unknown as string,
  },
  async feed(input, context) {
    const lines = input.trimEnd().split('\n')
    let settled = 0
    let fail = (_error: unknown) => {}
    let finish = () => {}
    const acknowledged = new Promise<void>((resolve, reject) => {
      finish = resolve
      fail = reject
    })
    acknowledged.catch(() => {})
    const emit: SourceContext['emit'] = async (batch, options) => {
      try {
        const settlements = await context.emit(batch, options)
        settled += batch.length
        if (settled === lines.length) finish()
        return settlements
      } catch (error) {
        fail(error)
        throw error
      }
    }
    const { port, ended } = await start('syslog:tcp://127.0.0.1:0', { ...context, emit })
    const socket = await connected(port)
    socket.end(
      lines
        .map((line) => `<13>${line}\n`)
        .join('')
        .replaceAll('<13>"', '<13>a "'),
    )
    return { acknowledged, ended }
  },
})

describeWithProgram('logger', 'messages of the logger of util-linux', () => {
  const send = (port: number, ...args: string[]) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn('logger', ['-n', '127.0.0.1', '-P', String(port), ...args], {
        env: { ...process.env, TZ: 'UTC' },
        stdio: 'inherit',
      })
      child.once('error', reject)
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`logger ended with ${code}`))))
    })
  const base = ['-t', 'probe', '--id=4242', '-p', 'local3.warning']

  it.each([
    ['udp', ['-d', '--rfc5424']],
    ['tcp', ['-T', '--rfc5424']],
    ['tcp', ['-T', '--rfc5424', '--octet-count']],
  ])('RFC 5424 by %s: %j', async (protocol, args) => {
    const sink = new Sink()
    const { port } = await start(`syslog:${protocol}://127.0.0.1:0`, sourceContext(sink, { limits }))
    const data = ['--msgid', 'LOGIN', '--sd-id', 'user@32473', '--sd-param', 'name="zoë"']
    await send(port, ...args, ...base, ...data, 'the login has failed')
    await until(() => sink.events.length === 1)
    expect(fieldsOf(sink)[0]).toMatchObject({
      facility_name: 'local3',
      facility: 19,
      severity_name: 'warning',
      severity: 4,
      version: 1,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
      hostname: expect.stringMatching(/./) as unknown,
      appname: 'probe',
      procid: '4242',
      msgid: 'LOGIN',
      structured_data: { 'user@32473': { name: 'zoë' } },
      message: 'the login has failed',
      client: '127.0.0.1',
    })
  })

  it.each([
    ['udp', ['-d', '--rfc3164']],
    ['tcp', ['-T', '--rfc3164']],
    ['tcp', ['-T', '--rfc3164', '--octet-count']],
  ])('RFC 3164 by %s: %j', async (protocol, args) => {
    const sink = new Sink()
    const context = sourceContext(sink, { limits, clock: { ...systemClock } })
    const { port } = await start(`syslog:${protocol}://127.0.0.1:0`, context)
    await send(port, ...args, ...base, 'the login has failed')
    await until(() => sink.events.length === 1)
    const [fields] = fieldsOf(sink)
    expect(fields).toMatchObject({
      facility_name: 'local3',
      severity_name: 'warning',
      hostname: expect.stringMatching(/./) as unknown,
      appname: 'probe',
      procid: '4242',
      message: 'the login has failed',
    })
    expect(Math.abs(Date.parse(String(fields!.timestamp)) - Date.now())).toBeLessThan(3_600_000)
  })
})

describe('TLS', () => {
  const folder = join(import.meta.dirname, '../support/tls')
  const file = (name: string) => join(folder, name)
  const server = `certificate=${file('server.pem')}&key=${file('server.key')}`
  const pem = (name: string) => readFileSync(file(name))

  it('takes messages, and with clientCa only those of clients with a certificate', async () => {
    const sink = new Sink()
    const from = `syslog:tls://127.0.0.1:0?${server}&clientCa=${file('ca.pem')}`
    const { port } = await start(from, sourceContext(sink, { limits }))
    const write = (more: object, text: string) =>
      new Promise<void>((resolve) => {
        const options = { port, host: '127.0.0.1', ca: pem('ca.pem'), servername: 'localhost', ...more }
        const socket = connectTls({ ...options, checkServerIdentity: () => undefined }, () =>
          socket.end(text),
        )
        socket.on('error', () => {})
        socket.once('close', () => resolve())
        socket.resume()
      })
    await write({}, '<13>x: without')
    await write({ cert: pem('client.pem'), key: pem('client.key') }, '7 <13>one7 <13>two')
    await until(() => sink.events.length === 2)
    expect(fieldsOf(sink).map(({ message }) => message)).toEqual(['one', 'two'])
  })

  it('a connection without a handshake does not delay the end', async () => {
    const { port, ended, stop } = await start(`syslog:tls://127.0.0.1:0?${server}`, sourceContext(new Sink()))
    const socket = await connected(port)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    stop()
    await ended
    await closed
  })

  it('a sender that is not allowed gets no handshake', async () => {
    const from = `syslog:tls://127.0.0.1:0?${server}&allow=192.0.2.0/24`
    const { port } = await start(from, sourceContext(new Sink()))
    const socket = await connected(port)
    await new Promise((resolve) => socket.once('close', resolve))
  })

  it.each([
    ['syslog:tls://127.0.0.1:0', 'tls:// requires certificate and key'],
    [`syslog:tls://127.0.0.1:0?certificate=/none.pem&key=${file('server.key')}`, 'cannot read /none.pem'],
    [
      `syslog:tls://127.0.0.1:0?certificate=${file('server.pem')}&key=${file('client.key')}`,
      'the certificate cannot be used',
    ],
    [`syslog:tcp://127.0.0.1:0?${server}`, 'certificate requires tls://'],
  ])('%s is refused', async (from, message) => {
    await expect(openSource(from)).rejects.toThrow(message)
  })
})

describe('options', () => {
  it.each([
    ['syslog:127.0.0.1:514', 'invalid address'],
    ['syslog:udp://127.0.0.1:70000', 'invalid address'],
    ['syslog:udp://127.0.0.1:0?allow=10.0.0.0/33', 'invalid network "10.0.0.0/33"'],
    ['syslog:udp://127.0.0.1:0?allow=host', 'invalid network "host"'],
    ['syslog:udp://127.0.0.1:0?utcOffset=2', 'invalid utcOffset "2"'],
  ])('%s is refused', async (from, message) => {
    await expect(openSource(from)).rejects.toThrow(message)
  })

  it('unwrap opens the JSON in the message, and a message without JSON is rejected', async () => {
    const sink = new Sink()
    const { port } = await start('syslog:tcp://127.0.0.1:0?unwrap=message', sourceContext(sink, { limits }))
    const socket = await connected(port)
    socket.end('<13>app: {"n": 1.0}\n<13>app: words\n<13>app: [{"n":2},{"n":3}]\n')
    await until(() => sink.events.length === 4)
    expect(sink.accepted).toEqual(['{"n": 1.0}', '{"n":2}', '{"n":3}'])
    expect(sink.refused).toMatchObject([{ refused: 'the text to unwrap is neither JSON nor base64 of JSON' }])
  })

  it('allow drops what comes from other networks', async () => {
    const sink = new Sink()
    const { port } = await start('syslog:tcp://127.0.0.1:0?allow=192.0.2.0/24,127.0.0.2', sourceContext(sink))
    const other = await connected(port)
    await new Promise((resolve) => other.once('close', resolve))
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    socket.end('<13>in')
    await until(() => sink.events.length === 1)
    expect(fieldsOf(sink)).toMatchObject([{ message: 'in', client: '127.0.0.2' }])
  })

  it('IPv4 on a socket of IPv6 is written as IPv4, and its networks are allowed', async () => {
    const sink = new Sink()
    const { port } = await start('syslog:udp://[::]:0?allow=127.0.0.0/8', sourceContext(sink))
    const socket = createSocket('udp4')
    stops.push(async () => void socket.close())
    socket.send('<13>four', port, '127.0.0.1')
    await until(() => sink.events.length === 1)
    expect(fieldsOf(sink)).toMatchObject([{ message: 'four', client: '127.0.0.1' }])
  })

  it('an address that is in use is an error of the operator', async () => {
    const { port } = await start('syslog:tcp://127.0.0.1:0', sourceContext(new Sink()))
    const second = await openSource(`syslog:tcp://127.0.0.1:${port}`)
    await expect(second.run(sourceContext(new Sink()))).rejects.toMatchObject({ code: 'unavailable-address' })
  })
})

describe('more messages than are committed', () => {
  it('datagrams that find the queue full are counted in the log, and all others are emitted', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const dropped: number[] = []
    const error: Log['error'] = (fields) => {
      if ('dropped' in fields) dropped.push(Number(fields.dropped))
    }
    const sleep = (_ms: number, signal?: AbortSignal) => systemClock.sleep(20, signal)
    const clock = { ...systemClock, sleep }
    const context = sourceContext(sink, { limits, log: { ...nullLog, error }, clock })
    const { port } = await start('syslog:udp://127.0.0.1:0', context)
    const socket = createSocket('udp4')
    stops.push(async () => void socket.close())
    let sent = 0
    while (dropped.length === 0) {
      for (let n = 0; n < 100; n++, sent++) {
        await new Promise((resolve) => socket.send(`<13>${sent}`, port, '127.0.0.1', resolve))
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    sink.isHeld = false
    for (const one of sink.emitted.slice()) one.settle()
    const lost = () => dropped.reduce((sum, each) => sum + each, 0)
    await until(() => sink.events.length + lost() === sent)
    expect(sink.events.length).toBeGreaterThanOrEqual(10_000)
  })

  it('connections wait before their text becomes messages, so that many of them take little memory', async () => {
    const sink = new Sink()
    sink.isHeld = true
    let parsed = 0
    const now = () => {
      parsed++
      return systemClock.now()
    }
    const context = sourceContext(sink, { limits, clock: { ...systemClock, now } })
    const { port } = await start('syslog:tcp://127.0.0.1:0', context)
    const text = 'a\n'.repeat(16_000)
    const senders = await Promise.all(Array.from({ length: 8 }, () => connected(port)))
    for (const sender of senders) sender.end(text)
    await until(() => parsed > 10_000)
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(parsed).toBeLessThan(60_000)
    sink.isHeld = false
    for (const one of sink.emitted.slice()) one.settle()
    await until(() => sink.emitted.reduce((sum, { batch }) => sum + batch.length, 0) === 8 * 16_000)
  })

  it('connections above the limit are counted in the log', async () => {
    const refused: number[] = []
    const error: Log['error'] = (fields) => {
      if ('refused' in fields) refused.push(Number(fields.refused))
    }
    const sleep = (_ms: number, signal?: AbortSignal) => systemClock.sleep(20, signal)
    const context = sourceContext(new Sink(), {
      log: { ...nullLog, error },
      clock: { ...systemClock, sleep },
    })
    const { port } = await start('syslog:tcp://127.0.0.1:0', context)
    await Promise.all(Array.from({ length: 1_010 }, () => connected(port)))
    await until(() => refused.reduce((sum, each) => sum + each, 0) === 10)
  })

  it('what could not be committed is emitted again, because its sender cannot send it again', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const context = sourceContext(sink, { clock: { ...systemClock } })
    const { port } = await start('syslog:tcp://127.0.0.1:0', context)
    const socket = await connected(port)
    socket.end('<13>one\n')
    await until(() => sink.emitted.length === 1)
    sink.emitted[0]!.fail(new Error('the disk is full'))
    await until(() => sink.emitted.length === 2)
    expect(sink.emitted[1]!.batch).toEqual(sink.emitted[0]!.batch)
    sink.emitted[1]!.settle()
  })
})

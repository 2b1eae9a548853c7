import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ProtocolError, UserError } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, it } from 'vitest'
import kafka from '../../src/destinations/kafka.ts'
import { KAFKA_OUTCOMES } from '../../src/destinations/parts/direct/kafka-errors.ts'
import { destinationContract } from '../contract/destination.ts'
import { waiting } from '../contract/stored.ts'
import { KAFKA, KAFKA_PASSWORD, KAFKA_USER, type KafkaBroker, startKafka } from '../support/kafka.ts'
import { mostMessage, sampleMessage, sendDirectly } from '../support/message.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { startNameServer } from '../support/server-names.ts'
import { until } from '../support/until.ts'

const SASL = { mechanism: 'PLAIN', user: KAFKA_USER, password: KAFKA_PASSWORD }
const TOPIC = { topic: 'soc.alerts' }

let started: Promise<KafkaBroker> | undefined
/** One broker for all tests of this file. */
function broker(): Promise<KafkaBroker> {
  started ??= startKafka({ small: { 'max.message.bytes': '2000' } })
  return started
}
afterAll(async () => (await started)?.close())

destinationContract('kafka', {
  exact: ['value'],
  options: () => ({ brokers: ['kafka.example.com:9093'], ...TOPIC, ...SASL }),
  secrets: [KAFKA_PASSWORD],
  direct: {
    at: (host, port, tls) => ({ brokers: [`${host}:${port}`], ...TOPIC, ...SASL, tls }),
    tongue: {
      greeting: '',
      // The length of an answer that never ends.
      flood: '\u007f\u007f\u007f\u007f',
      quote: (said) => said,
      beforeTls: '',
    },
    outcomes: { 'never stops': waiting(/: the answer of the broker is too long$/) },
    reader: { program: KAFKA, receive: receiveByConsumer },
  },
  faults: Object.fromEntries(
    KAFKA_OUTCOMES.faults.map(({ fault }) => {
      const codes = [...fault.matchAll(/`(\w+)`/g)].map(([, code]) => new ProtocolError(code!))
      if (fault.startsWith('a topic')) return [fault, [...codes, new UserError('Unknown topic soc.alerts.')]]
      return [fault, fault.startsWith('no TLS') ? [new UserError('Broker requires TLS.')] : codes]
    }),
  ),
})

/** The broker checks the record and stores it, and the consumer of Kafka reads it. */
async function receiveByConsumer(send: (options: Record<string, unknown>) => Promise<unknown>) {
  const server = await broker()
  const before = server.records().length
  await send({ brokers: [server.broker('plaintext')], ...TOPIC, tls: false })
  await until(() => server.records().length > before)
  const { headers, key, value } = server.records().at(-1)!
  const { title, alertId } = JSON.parse(value) as { title: string; alertId: string }
  const form = /^severity:[A-Z]+,detection:[\w.]+,alertId:\w+,idempotencyKey:\w+$/
  const defects = form.test(headers) && key === alertId ? [] : [headers, key]
  return { defects, key: headers, text: title }
}

const message = sampleMessage('t')

it('asks by TLS for the name of the broker, by which a proxy can choose a cluster', async () => {
  const server = await startNameServer()
  const brokers = [`localhost:${server.port}`]
  await expect(sendDirectly(kafka, message, { brokers, ...TOPIC })).rejects.toMatchObject({
    kind: 'retryable',
  })
  expect(server.names).toEqual(['localhost'])
  await server.close()
})

describeWithProgram(KAFKA, 'at a real broker', () => {
  let server: KafkaBroker
  beforeAll(async () => {
    server = await broker()
  })
  const pem = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', name), 'utf8')
  const ca = pem('ca.pem')
  type Listener = Parameters<KafkaBroker['broker']>[0]
  const send = (listener: Listener, over: object, what = message) =>
    sendDirectly(kafka, what, { brokers: [server.broker(listener)], ...TOPIC, tls: false, ...over })

  it.each<[string, Listener, object]>([
    ['in plain', 'plaintext', {}],
    ['after brokers that do not answer', 'plaintext', {}],
    [
      'with a certificate of our own',
      'tls',
      { tls: true, ca, certificate: pem('client.pem'), key: pem('client.key') },
    ],
    ['with PLAIN', 'sasl', SASL],
    ['with PLAIN over TLS', 'sasl_tls', { ...SASL, tls: true, ca }],
    ['with SCRAM-SHA-256', 'sasl', { ...SASL, mechanism: 'SCRAM-SHA-256' }],
    ['with SCRAM-SHA-512 over TLS', 'sasl_tls', { ...SASL, mechanism: 'SCRAM-SHA-512', tls: true, ca }],
  ])('the alert is stored %s', async (title, listener, over) => {
    const brokers = [...(title.startsWith('after') ? ['localhost:1'] : []), server.broker(listener)]
    const before = server.records().length
    expect(await send(listener, { ...over, brokers })).toEqual({
      message: `stored in soc.alerts, partition 0, as ${before}`,
    })
    await until(() => server.records().length > before)
    expect(server.records().at(-1)!.value).toBe(message.json)
  })

  it.each([
    ['alert', 'a1e27ab1e0fa11ed5b1eda0d0be5ca1e'],
    ['detection', 'AWS.Root.ConsoleLogin'],
    ['delivery', message.idempotencyKey],
  ])('the key of the record is that of the %s', async (recordKey, key) => {
    const before = server.records().length
    await send('plaintext', { recordKey })
    await until(() => server.records().length > before)
    expect(server.records().at(-1)).toMatchObject({ key })
  })

  it.each<[string, Listener, object, RegExp]>([
    [
      'a topic that is not there',
      'plaintext',
      { topic: 'elsewhere' },
      /: the broker does not have the topic$/,
    ],
    ['a wrong password', 'sasl', { ...SASL, password: 'another' }, /SASL_AUTHENTICATION_FAILED: \S/],
    [
      'a wrong password with SCRAM',
      'sasl',
      { ...SASL, mechanism: 'SCRAM-SHA-512', password: 'another' },
      /SASL_AUTHENTICATION_FAILED: \S/,
    ],
    ['a password where none is asked for', 'plaintext', SASL, /ILLEGAL_SASL_STATE: \S/],
    ['no TLS where it is required', 'tls', {}, /: the broker requires TLS$/],
  ])('%s pauses the destination', async (_, listener, over, text) => {
    const refused = send(listener, over)
    await expect(refused).rejects.toMatchObject({ kind: 'permanent', scope: 'destination' })
    await expect(refused).rejects.toThrow(text)
    await expect(refused).rejects.not.toThrow(/another/)
  })

  it('an alert that is too large for the topic is dead', async () => {
    const refused = send('plaintext', { topic: 'small' }, mostMessage())
    await expect(refused).rejects.toMatchObject({ kind: 'permanent', scope: 'delivery' })
    await expect(refused).rejects.toThrow(/MESSAGE_TOO_LARGE/)
  })

  it('TLS with a broker that does not speak it is retried', async () => {
    await expect(send('plaintext', { tls: true })).rejects.toMatchObject({ kind: 'retryable' })
  })
})

import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import type { Message } from '../../src/destinations/_destination.ts'
import otlp from '../../src/destinations/otlp.ts'
import { destinationContract } from '../contract/destination.ts'
import { leastMessage, messageOf, mostMessage, sampleMessage } from '../support/message.ts'
import { onStage } from '../support/stage.ts'
import { anyObject, listOf, matching, oneOf, table, text } from '../support/wire.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const answer = (body: object, status = 200) => ({ status, headers: JSON_TYPE, body: JSON.stringify(body) })
const attributes = listOf(table({ key: text(), value: anyObject }), { minItems: 1 })

destinationContract('otlp', {
  exact: ['resourceLogs.0.scopeLogs.0.logRecords.0.attributes.12.value'],
  options: (url) => ({
    url,
    headers: { 'X-Key': 'T0KEN-of-otlp', 'Content-Type': 'text/plain' },
    resource: { 'deployment.environment.name': 'production' },
  }),
  accepts: answer({ partialSuccess: {} }),
  acceptsEmptyObject: true,
  bodyless: (status) => status === 204,
  errorAnswer: ({ status, code, text: message }) =>
    code
      ? answer({ partialSuccess: { [code]: '1', errorMessage: message } })
      : answer({ code: 3, message, details: [] }, status),
  secrets: ['T0KEN-of-otlp'],
  meanings: [
    ['200, accepted', answer({}), { result: 'delivered', message: '200: {}' }],
    ['204, as Loki answers', { status: 204 }, { result: 'delivered' }],
    [
      'a warning beside a success',
      answer({ partialSuccess: { rejectedLogRecords: '0', errorMessage: 'use a shorter key' } }),
      { result: 'delivered', message: expect.stringContaining('use a shorter key') as never },
    ],
    [
      'a record that is rejected',
      answer({ partialSuccess: { rejectedLogRecords: 1, errorMessage: 'too old' } }),
      {
        result: 'refused',
        scope: 'delivery',
        message: '200, but OpenTelemetry reports: too old (the server rejected the log record)',
      },
    ],
    ['a list', { status: 200, headers: JSON_TYPE, body: '[]' }, { result: 'retry' }],
    ['an object of another content type', { status: 200, body: '{}' }, { result: 'retry' }],
    [
      'a busy server',
      { ...answer({ message: 'busy' }, 503), headers: { ...JSON_TYPE, 'retry-after': '7' } },
      { result: 'retry', message: '503: busy', retryAfterMs: 7_000 },
    ],
  ],
  wires: [
    {
      path: '/v1/logs',
      maxBytes: 20 * 1024 * 1024,
      headers: { 'content-type': 'application/json', 'x-key': 'T0KEN-of-otlp' },
      body: table({
        resourceLogs: listOf(
          table({
            resource: table({ attributes }),
            scopeLogs: listOf(
              table({
                scope: table({ name: text() }),
                logRecords: listOf(
                  table({
                    timeUnixNano: matching('^\\d{19}$'),
                    observedTimeUnixNano: matching('^\\d{19}$'),
                    severityNumber: oneOf(9, 10, 13, 17, 18),
                    severityText: text(),
                    body: table({ stringValue: text() }),
                    attributes,
                  }),
                  { minItems: 1, maxItems: 1 },
                ),
              }),
            ),
          }),
        ),
      }),
    },
  ],
})

interface Codec {
  fromObject(object: object): object
  toObject(message: object, options: object): object
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): object
}

/** Code that was generated from the published definitions of the protocol. */
const { opentelemetry } = createRequire(import.meta.url)(
  '@opentelemetry/otlp-proto-exporter-base/build/src/generated/root.js',
) as { opentelemetry: { proto: { collector: { logs: { v1: { ExportLogsServiceRequest: Codec } } } } } }
const { ExportLogsServiceRequest } = opentelemetry.proto.collector.logs.v1

/** The request after it went through the binary encoding, which has no place for a field that does not exist. */
function decoded(body: string): object {
  const codec = ExportLogsServiceRequest
  const bytes = codec.encode(codec.fromObject(JSON.parse(body) as object)).finish()
  return codec.toObject(codec.decode(bytes), { longs: String, enums: Number })
}

function bodyOf(message: Message, options: object = {}): string {
  const preview = previewRequest(otlp, message, { url: 'https://x', ...options }, '1.2.3')
  return (preview as { body: string }).body
}

interface LogRecord {
  readonly body: { readonly stringValue: string }
  readonly severityNumber: number
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
}

function recordOf(message: Message): LogRecord {
  const { resourceLogs } = decoded(bodyOf(message)) as {
    resourceLogs: [{ scopeLogs: [{ logRecords: [LogRecord] }] }]
  }
  return resourceLogs[0].scopeLogs[0].logRecords[0]
}

function attributeOf(message: Message, name: string): object | undefined {
  return recordOf(message).attributes.find(({ key }) => key === name)?.value
}

describe('the published definitions of the protocol', () => {
  it.each([
    ['a usual alert', sampleMessage('t')],
    ['an alert with nothing to say', leastMessage()],
    ['an alert with too much to say', mostMessage()],
  ])('have a field for everything in the request of %s', (_, message) => {
    const body = bodyOf(message, { resource: { 'service.name': 'soc' } })
    expect(decoded(body)).toEqual(JSON.parse(body))
  })

  it.each([
    ['INFO', 9],
    ['LOW', 10],
    ['MEDIUM', 13],
    ['HIGH', 17],
    ['CRITICAL', 18],
  ] as const)('read an alert of severity %s as the number %i', (value, severityNumber) => {
    expect(recordOf(messageOf({ severity: { value, source: 'static' } }, ''))).toMatchObject({
      severityNumber,
    })
  })

  it('read the context with its types and every digit that 64 bits hold', () => {
    const context =
      '{"i":9007199254740993,"big":12345678901234567890,"d":53.5,"f":53.0,"b":false,"n":null,"l":[1,"x"],"huge":1e999}'
    expect(attributeOf(messageOf({ context }, ''), 'signalbox.alert.context')).toEqual({
      kvlistValue: {
        values: [
          { key: 'i', value: { intValue: '9007199254740993' } },
          { key: 'big', value: { stringValue: '12345678901234567890' } },
          { key: 'd', value: { doubleValue: 53.5 } },
          { key: 'f', value: { doubleValue: 53 } },
          { key: 'b', value: { boolValue: false } },
          { key: 'n', value: {} },
          { key: 'l', value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'x' }] } } },
          { key: 'huge', value: { stringValue: '1e999' } },
        ],
      },
    })
  })
})

it('a repeated attempt has the same id, by which a server recognizes a duplicate', () => {
  const message = messageOf({}, '')
  const uid = { stringValue: message.idempotencyKey }
  expect(attributeOf({ ...message, repeated: true }, 'log.record.uid')).toEqual(uid)
})

const stage = onStage(otlp, {}, 'url')

it('a base URL with a path keeps it', async () => {
  const { requests } = await stage(false, answer({}))
  expect(requests[0]!.path).toBe('/v1/logs')
  const preview = previewRequest(otlp, messageOf({}, ''), { url: 'https://x/otlp/' }, '1.2.3')
  expect(preview).toMatchObject({ url: 'https://x/otlp/v1/logs' })
})

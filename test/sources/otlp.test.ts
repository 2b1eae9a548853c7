import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { Writer } from 'protobufjs/minimal.js'
import { afterEach, describe, expect, it } from 'vitest'
import { nullLog } from '../../src/model/ports.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createServer } from '../../src/server/server.ts'
import type { SourceContext } from '../../src/sources/_source.ts'
import { sourceContract } from '../contract/source.ts'
import { openSource, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

const require = createRequire(import.meta.url)

interface Codec {
  fromObject(object: object): object
  toObject(message: object, options: object): object
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): object
}

/** Code that was generated from the published definitions of the protocol, and the exporters that use it. */
const { opentelemetry } = require('@opentelemetry/otlp-proto-exporter-base/build/src/generated/root.js') as {
  opentelemetry: {
    proto: {
      collector: { logs: { v1: { ExportLogsServiceRequest: Codec; ExportLogsServiceResponse: Codec } } }
    }
  }
}
const { ExportLogsServiceRequest, ExportLogsServiceResponse } = opentelemetry.proto.collector.logs.v1
const { OTLPProtoExporterNodeBase, ServiceClientType } =
  require('@opentelemetry/otlp-proto-exporter-base') as {
    OTLPProtoExporterNodeBase: new (config: object) => Exporter
    ServiceClientType: { LOGS: number }
  }
const { OTLPExporterNodeBase } = require('@opentelemetry/otlp-exporter-base') as {
  OTLPExporterNodeBase: new (config: object) => Exporter
}

interface Exporter {
  send(requests: readonly object[], onSuccess: () => void, onError: (error: Error) => void): void
}

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(context: SourceContext, { query = '', token }: { query?: string; token?: string } = {}) {
  const server = createServer({
    log: nullLog,
    metrics: createMetrics(),
    ready: () => ({ ok: true, reasons: [] }),
    bodyBytes: context.limits.bodyBytes,
    ...(token !== undefined && { token: () => token }),
  })
  stops.push(() => server.close())
  const source = await openSource(`otlp://127.0.0.1:0${query}`)
  const ended = source.run({ ...context, ingress: server })
  await until(() => server.addresses.length > 0)
  const url = `http://127.0.0.1:${server.addresses[0]!.port}/v1/logs`
  return { url, ended, post: (body: object | Uint8Array, headers = {}) => post(url, body, headers) }
}

const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' }

async function post(url: string, body: object | Uint8Array, headers: Record<string, string>) {
  const bytes = body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body)
  const type = body instanceof Uint8Array ? PROTOBUF_TYPE : JSON_TYPE
  const response = await fetch(url, { method: 'POST', body: bytes, headers: { ...type, ...headers } })
  return {
    status: response.status,
    headers: response.headers,
    bytes: new Uint8Array(await response.arrayBuffer()),
  }
}

function jsonOf({ bytes }: { bytes: Uint8Array }): unknown {
  return JSON.parse(Buffer.from(bytes).toString())
}

function requestOf(...logRecords: object[]) {
  return { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }
}

function encoded(request: object): Uint8Array {
  return ExportLogsServiceRequest.encode(ExportLogsServiceRequest.fromObject(request)).finish()
}

const bodyOf = (text: string) => ({ body: { stringValue: text } })
const limits = { eventBytes: 1_000, bodyBytes: 100_000 }

sourceContract('otlp', {
  from: 'otlp://127.0.0.1:0',
  lineOf: (raw) => (JSON.parse(raw) as { body: string }).body,
  // A record is not refused by its size here, but where it is evaluated.
  refusal: { refused: 'attributes is not a list', position: 'record 3' },
  async feed(input, context) {
    const { ended, post } = await start({ ...context, limits: { ...limits, bodyBytes: 1_000_000 } })
    const lines = input.trimEnd().split('\n')
    const records = lines.map((line) => (line.length > 1_000 ? { attributes: 1 } : bodyOf(line)))
    const acknowledged = post(requestOf(...records)).then(({ status }) => {
      if (status >= 400) throw new Error(`answered ${status}`)
    })
    return { acknowledged, ended }
  },
})

/** A request with every field and every kind of value. */
const FULL = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeLogs: [
        {
          scope: { name: 'lib', version: '1.2', attributes: [{ key: 's', value: { boolValue: true } }] },
          logRecords: [
            {
              timeUnixNano: '1767323045123456789',
              observedTimeUnixNano: '1767323046000000001',
              severityNumber: 17,
              severityText: 'ERROR',
              body: {
                kvlistValue: {
                  values: [{ key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, {}] } } }],
                },
              },
              attributes: [
                { key: 'big', value: { intValue: '9223372036854775807' } },
                { key: 'negative', value: { intValue: '-5' } },
                { key: 'double', value: { doubleValue: 1.5 } },
                { key: 'false', value: { boolValue: false } },
                { key: 'empty', value: { stringValue: '' } },
                { key: 'none' },
                { key: 'bytes', value: { bytesValue: 'AAEC' } },
                { key: '__proto__', value: { stringValue: 'a key like any other' } },
              ],
              flags: 1,
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
            },
          ],
        },
      ],
    },
  ],
}
const FULL_EVENT =
  '{"timestamp":"2026-01-02T03:04:05.123456789Z","observed_timestamp":"2026-01-02T03:04:06.000000001Z",' +
  '"severity_number":17,"severity_text":"ERROR","body":{"list":[1,null]},"attributes":{"big":9223372036854775807,' +
  '"negative":-5,"double":1.5,"false":false,"empty":"","none":null,"bytes":"AAEC","__proto__":"a key like any other"},' +
  '"resource":{"service.name":"shop"},"scope":{"name":"lib","version":"1.2","attributes":{"s":true}},' +
  '"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","flags":1}'

function withBinaryIds(request: typeof FULL): object {
  const copy = structuredClone(request)
  const [record] = copy.resourceLogs[0]!.scopeLogs[0]!.logRecords
  const binary = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
  record!.traceId = binary(record!.traceId)
  record!.spanId = binary(record!.spanId)
  return copy
}

describe('the exporters of OpenTelemetry', () => {
  const send = (exporter: Exporter, request: object) =>
    new Promise<void>((resolve, reject) => exporter.send([request], resolve, reject))

  it.each(['none', 'gzip'])('protobuf with compression %s', async (compression) => {
    class ProtobufExporter extends OTLPProtoExporterNodeBase {
      convert = ([request]: object[]) => request
      getDefaultUrl({ url }: { url: string }) {
        return url
      }
      getServiceClientType = () => ServiceClientType.LOGS
    }
    const sink = new Sink()
    const { url } = await start(sourceContext(sink, { limits }))
    await send(new ProtobufExporter({ url, compression }), withBinaryIds(FULL))
    expect(sink.texts).toEqual([FULL_EVENT])
    expect(sink.events[0]).toMatchObject({ position: 'record 1', dedupByRowId: true })
  })

  it.each(['none', 'gzip'])('JSON with compression %s', async (compression) => {
    class JsonExporter extends OTLPExporterNodeBase {
      convert = ([request]: object[]) => request
      getDefaultUrl({ url }: { url: string }) {
        return url
      }
    }
    const sink = new Sink()
    const { url } = await start(sourceContext(sink, { limits }))
    await send(new JsonExporter({ url, compression }), FULL)
    expect(sink.texts).toEqual([FULL_EVENT])
  })
})

describe('answers', () => {
  it('a request whose records were all accepted gets an empty answer of its own encoding', async () => {
    const { post } = await start(sourceContext(new Sink(), { limits }))
    const json = await post(requestOf(bodyOf('a')))
    expect(json.status).toBe(200)
    expect(jsonOf(json)).toEqual({})
    const protobuf = await post(encoded(requestOf(bodyOf('a'))))
    expect(protobuf).toMatchObject({ status: 200, bytes: new Uint8Array() })
    expect(protobuf.headers.get('content-type')).toBe('application/x-protobuf')
  })

  it('a request without records is accepted', async () => {
    const { post } = await start(sourceContext(new Sink(), { limits }))
    expect((await post({})).status).toBe(200)
    expect((await post(new Uint8Array())).status).toBe(200)
  })

  it('rejected records are counted with the first reason, and the others are stored', async () => {
    const sink = new Sink()
    const emit: SourceContext['emit'] = async (batch) => {
      await sink.emit(batch)
      return batch.map(({ raw, refused }) =>
        refused !== undefined || raw.includes('bad')
          ? { status: 'rejected', reason: refused ?? 'too bad' }
          : { status: 'accepted', matches: 0 },
      )
    }
    const { post } = await start(sourceContext(sink, { emit, limits }))
    const json = await post(requestOf(bodyOf('a'), { timeUnixNano: 'noon' }, bodyOf('bad'), bodyOf('b')))
    expect(json.status).toBe(200)
    expect(jsonOf(json)).toEqual({
      partialSuccess: { rejectedLogRecords: '2', errorMessage: 'timeUnixNano is not an integer' },
    })
    const { status, bytes } = await post(encoded(requestOf(bodyOf('bad'), bodyOf('c'))))
    expect(status).toBe(200)
    expect(
      ExportLogsServiceResponse.toObject(ExportLogsServiceResponse.decode(bytes), { longs: String }),
    ).toEqual({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: 'too bad' },
    })
  })

  it.each([
    ['no JSON', Buffer.from('{'), JSON_TYPE, 400],
    ['a list', Buffer.from('[]'), JSON_TYPE, 400],
    ['a field of another type', Buffer.from('{"resourceLogs":1}'), JSON_TYPE, 400],
    ['no protobuf', Buffer.from([0x0a, 0xff]), PROTOBUF_TYPE, 400],
    ['a record that is longer than its scope', Buffer.from([0x0a, 4, 0x12, 2, 0x12, 9]), PROTOBUF_TYPE, 400],
    ['another content type', Buffer.from('{}'), { 'content-type': 'text/plain' }, 415],
    ['values nested too deeply', nested(5_000), PROTOBUF_TYPE, 400],
    ['very many values', Buffer.from(`{"x":[${'[],'.repeat(1_100_000)}1]}`), JSON_TYPE, 400],
    ['very many records', many(100_001), PROTOBUF_TYPE, 413],
    ['a resource that many records repeat', repeated(), JSON_TYPE, 413],
  ])('%s is refused', async (_what, body, headers, status) => {
    const sink = new Sink()
    const context = sourceContext(sink, { limits: { ...limits, bodyBytes: 5_000_000 } })
    const { post } = await start(context)
    const answer = await post(new Uint8Array(body), headers)
    expect(answer.status).toBe(status)
    expect(Buffer.from(answer.bytes).toString()).toMatch(/[a-z]/)
    expect(sink.events).toEqual([])
  })

  it('what could not be committed is refused so that the client repeats it', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const { post } = await start(sourceContext(sink, { limits }))
    const answer = post(encoded(requestOf(bodyOf('a'))))
    await until(() => sink.emitted.length === 1)
    sink.emitted[0]!.fail(new Error('the disk is full'))
    const { status, headers } = await answer
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  })

  it('a token is required as by http', async () => {
    const { post } = await start(sourceContext(new Sink(), { limits }), { token: 'T0KEN' })
    expect((await post(requestOf(bodyOf('a')))).status).toBe(401)
    expect((await post(requestOf(bodyOf('a')), { authorization: 'Bearer T0KEN' })).status).toBe(200)
  })
})

describe('repeated records', () => {
  const uid = (id: string) => [{ key: 'log.record.uid', value: { stringValue: id } }]
  it.each([
    ['their own id', {}, ['log.record.uid:7', undefined]],
    ['an Idempotency-Key', { 'idempotency-key': 'k' }, ['k:1', 'k:2']],
  ])('are recognized by %s', async (_what, headers, ids) => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink, { limits }))
    await post(requestOf({ attributes: uid('7') }, bodyOf('b')), headers)
    await post(encoded(requestOf({ attributes: uid('7') }, bodyOf('b'))), headers)
    expect(sink.events.map(({ dedupId }) => dedupId)).toEqual([...ids, ...ids])
  })

  it('unwrap opens the JSON in a body, and each of its events has an id of its own', async () => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink, { limits }), { query: '?unwrap=body' })
    const record = { ...bodyOf('[{"n": 1.0},{"n":2}]'), attributes: uid('7') }
    expect(jsonOf(await post(requestOf(record, bodyOf('words'))))).toMatchObject({
      partialSuccess: { rejectedLogRecords: '1' },
    })
    expect(sink.accepted).toEqual(['{"n": 1.0}', '{"n":2}'])
    expect(sink.events.map(({ dedupId }) => dedupId)).toEqual([
      'log.record.uid:7.0',
      'log.record.uid:7.1',
      undefined,
    ])
  })
})

it('gzip data is accepted without a header, and the resource may follow its records', async () => {
  const sink = new Sink()
  const { post } = await start(sourceContext(sink, { limits }))
  const [scopeLogs, resource] = [
    encoded(requestOf(bodyOf('a'))),
    encoded({ resourceLogs: FULL.resourceLogs }),
  ]
  const late = Writer.create()
  // The content of the first message, then that of the second one's resource: one message with its fields in this order.
  const inner = Buffer.concat([scopeLogs.subarray(2), resource.subarray(3, 3 + 2 + resource[4]!)])
  late.uint32(10).bytes(inner)
  await post(new Uint8Array(gzipSync(late.finish())))
  expect(JSON.parse(sink.texts[0]!)).toMatchObject({ body: 'a', resource: { 'service.name': 'shop' } })
})

function nested(levels: number): Buffer {
  let value = Buffer.alloc(0)
  const wrap = (tag: number, content: Buffer) =>
    Buffer.from(Writer.create().uint32(tag).bytes(content).finish())
  for (let level = 0; level < levels; level++) value = wrap(0x2a, wrap(0x0a, value))
  return wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x2a, value))))
}

function many(records: number): Buffer {
  const empty = Buffer.from([0x12, 0])
  const scopeLogs = Writer.create()
    .uint32(0x12)
    .bytes(Buffer.concat(Array(records).fill(empty)))
    .finish()
  return Buffer.from(Writer.create().uint32(0x0a).bytes(scopeLogs).finish())
}

function repeated(): Buffer {
  const attributes = [{ key: 'a', value: { stringValue: 'x'.repeat(10_000) } }]
  const logRecords = Array.from({ length: 3_000 }, () => ({}))
  return Buffer.from(
    JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] }),
  )
}

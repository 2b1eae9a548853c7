import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { nullLog, type PostEndpoint } from '../../src/model/ports.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createServer } from '../../src/server/server.ts'
import type { SourceContext } from '../../src/sources/_source.ts'
import { sourceContract } from '../contract/source.ts'
import { manualClock } from '../support/clock.ts'
import { openSource, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

type Body = string | Uint8Array<ArrayBuffer>

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** The source behind a real server on a free port. */
async function start(context: SourceContext, query = '') {
  const server = createServer({
    log: nullLog,
    metrics: createMetrics(),
    ready: () => ({ ok: true, reasons: [] }),
    bodyBytes: context.limits.bodyBytes,
  })
  stops.push(() => server.close())
  const source = await openSource(`http://127.0.0.1:0${query}`)
  expect(source.ends).toBe(false)
  const ended = source.run({ ...context, ingress: server })
  await until(() => server.addresses.length > 0)
  const url = `http://127.0.0.1:${server.addresses[0]!.port}/events`
  return { url, ended, post: (body: Body, headers = {}) => post(url, body, headers) }
}

async function post(url: string, body: Body, headers: Record<string, string>) {
  const response = await fetch(url, { method: 'POST', body, headers })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

sourceContract('http', {
  from: 'http://127.0.0.1:0',
  async feed(input, context) {
    const { ended, post } = await start(context)
    const acknowledged = post(input).then((response) => {
      if (response.status >= 400) throw new Error(`answered ${response.status}`)
    })
    return { acknowledged, ended }
  },
})

describe('events by HTTP', () => {
  it.each([
    ['lines', '{"a":1}\n{"a":2}\n', 'application/x-ndjson', ['{"a":1}', '{"a":2}']],
    ['a list', '[{"a":1}, {"a":2}]', 'application/json', ['{"a":1}', '{"a":2}']],
    ['one object over lines', '{\n "a": 1\n}', 'application/json', ['{\n "a": 1\n}']],
    ['whatever the type says', '{"a":1}', 'application/x-www-form-urlencoded', ['{"a":1}']],
  ])('%s', async (_what, body, type, texts) => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink))
    const answer = await post(body, { 'content-type': type })
    expect(answer).toMatchObject({ status: 202, body: { accepted: texts.length, rejected: [] } })
    expect(sink.texts).toEqual(texts)
  })

  it('gzip data and containers are accepted', async () => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink), '?unwrap=Records')
    const answer = await post(new Uint8Array(gzipSync('{"Records":[1,2]}')), { 'content-encoding': 'gzip' })
    expect(answer).toMatchObject({ status: 202, body: { accepted: 2 } })
    expect(sink.texts).toEqual(['1', '2'])
  })

  it('gzip data is recognized by its first bytes, without a header or with an empty one', async () => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink))
    const body = new Uint8Array(gzipSync('1\n2\n'))
    for (const headers of [{}, { 'content-encoding': '' }, { 'content-encoding': 'identity' }]) {
      expect(await post(body, headers)).toMatchObject({ status: 202, body: { accepted: 2 } })
    }
    expect(sink.texts).toEqual(['1', '2', '1', '2', '1', '2'])
  })

  it('a body of damaged gzip data is refused as a whole', async () => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink))
    const body = gzipSync('1\n2\n')
    body[body.length - 8]! ^= 1
    for (const bytes of [body, body.subarray(0, -1), Buffer.concat([gzipSync('1\n'), Buffer.from('x')])]) {
      expect(await post(new Uint8Array(bytes))).toMatchObject({
        status: 400,
        body: { accepted: 0, rejected: [] },
      })
    }
    expect(sink.events).toEqual([])
  })

  it('the response names the rejected lines, and duplicates count as accepted', async () => {
    const emit: SourceContext['emit'] = async (batch) =>
      batch.map(({ raw, refused }, i) => {
        if (refused !== undefined) return { status: 'rejected', reason: refused }
        if (raw === 'garbage') return { status: 'rejected', reason: 'not JSON' }
        return i === 0 ? { status: 'duplicate' } : { status: 'accepted', matches: 1 }
      })
    const { post } = await start(sourceContext(new Sink(), { emit }))
    expect(await post(`{"a":1}\n\ngarbage\n"${'x'.repeat(2000)}"\n{"a":2}`)).toMatchObject({
      status: 202,
      body: {
        accepted: 2,
        rejected: [
          { line: 3, reason: 'not JSON' },
          { line: 4, reason: 'event of 2002 bytes exceeds the limit of 1000' },
        ],
      },
    })
    expect(await post('garbage')).toMatchObject({
      status: 400,
      body: { accepted: 0, rejected: [{ line: 1, reason: 'not JSON' }] },
    })
    expect((await post('[1, garbage]')).body).toEqual({
      accepted: 1,
      rejected: [{ line: 1, item: 2, reason: 'not JSON' }],
    })
  })

  it('an Idempotency-Key gives each event an id of its own, the same when sent again', async () => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink))
    for (let i = 0; i < 2; i++) await post('1\n\n2\n[3,3]', { 'idempotency-key': 'k' })
    const ids = sink.events.map(({ dedupId }) => dedupId)
    expect(ids).toEqual(['k:1', 'k:3', 'k:4@6', 'k:4@8', ...ids.slice(0, 4)])
    await post('1')
    expect(sink.events.at(-1)).not.toHaveProperty('dedupId')
    expect((await post('1', { 'idempotency-key': 'k'.repeat(300) })).status).toBe(400)
  })

  it('a row id of its own makes an event known again, with and without an Idempotency-Key', async () => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink))
    await post('{"p_row_id":"r"}')
    await post('{"p_row_id":"r"}', { 'idempotency-key': 'k' })
    expect(sink.events.map(({ dedupByRowId }) => dedupByRowId)).toEqual([true, true])
  })

  it.each<[what: string, body: Body, headers: Record<string, string>, status: number, error: RegExp]>([
    ['nothing', '', {}, 400, /contains no events/],
    ['a body too large', 'x'.repeat(100_001), {}, 413, /larger than 100000 bytes/],
    [
      'a body that grows too large',
      new Uint8Array(gzipSync('x'.repeat(1_000_000))),
      { 'content-encoding': 'gzip' },
      413,
      /exceeds 100000 bytes/,
    ],
    ['damaged gzip', 'plain', { 'content-encoding': 'gzip' }, 400, /gzip body is corrupt/],
    ['another encoding', 'x', { 'content-encoding': 'br' }, 415, /content-encoding "br" is not supported/],
  ])('%s is refused', async (_what, body, headers, status, error) => {
    const sink = new Sink()
    const { post } = await start(sourceContext(sink))
    const answer = await post(body, headers)
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(error) as unknown } })
    expect(sink.events).toEqual([])
  })

  it('more events in one body than memory should hold are refused', async () => {
    const sink = new Sink()
    const limits = { eventBytes: 1000, bodyBytes: 1_000_000 }
    const { post } = await start(sourceContext(sink, { limits }))
    expect((await post('1\n'.repeat(200_000))).status).toBe(413)
    expect(sink.events).toEqual([])
  })

  it('asks to send again when the commit fails', async () => {
    const emit = () => Promise.reject(new Error('the disk is full'))
    const { post } = await start(sourceContext(new Sink(), { emit }))
    const answer = await post('1\n'.repeat(500))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  it('the status is 503 while the daemon drains', async () => {
    const abort = new AbortController()
    const { post, ended } = await start(sourceContext(new Sink(), { signal: abort.signal }))
    abort.abort()
    await ended
    const answer = await post('1')
    expect(answer).toMatchObject({ status: 503, body: { error: 'shutting down' } })
    expect(answer.headers.get('retry-after')).toBe('5')
  })

  it('asks a client to come back later when too much is waiting', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const clock = manualClock()
    const { post } = await start(sourceContext(sink, { clock }))
    const first = post('1\n'.repeat(2_000))
    await until(() => sink.eventsInFlight === 2_000)
    clock.advance(60_000)
    const answer = await post('1')
    expect(answer).toMatchObject({ status: 429, body: { accepted: 0, rejected: [] } })
    expect(answer.headers.get('retry-after')).toBe('30')
    while (sink.inFlight > 0) {
      for (const one of sink.emitted.splice(0)) one.settle()
      await setImmediate()
    }
    expect((await first).status).toBe(202)
  })

  it('hands nothing on for a client that has gone before its turn', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const endpoints: PostEndpoint[] = []
    const ingress = {
      post: async (_address: unknown, _path: string, each: PostEndpoint) => void endpoints.push(each),
    }
    const abort = new AbortController()
    const source = await openSource('http://127.0.0.1:0')
    const ended = source.run(sourceContext(sink, { ingress, signal: abort.signal }))
    await until(() => endpoints.length === 1)
    const send = (body: string, signal = new AbortController().signal) =>
      endpoints[0]!.handle({ headers: {}, body: Buffer.from(body), client: 'a', signal, reserve: () => true })
    const gone = new AbortController()
    const answers = [send('1\n'.repeat(2_000)), send('"gone"', gone.signal), send('"later"')]
    await until(() => sink.eventsInFlight === 2_000)
    gone.abort()
    while (!sink.texts.includes('"later"')) {
      for (const one of sink.emitted) one.settle()
      await setImmediate()
    }
    sink.emitted.at(-1)!.settle()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202, 408, 202])
    expect(sink.texts).not.toContain('"gone"')
    abort.abort()
    await ended
  })

  it.each(['http:', 'http://', 'http://host', 'http://host:99999', 'http://h:1/events', 'http:h:1'])(
    '%s is not a valid address',
    async (from) => {
      await expect(openSource(from)).rejects.toThrow('invalid address')
    },
  )
})

it('a body whose texts decompress to more than the limit is refused', async () => {
  const sink = new Sink()
  const { post } = await start(sourceContext(sink), '?unwrap=l.m')
  const m = gzipSync(`{"n":"${'x'.repeat(900)}"}`).toString('base64')
  const body = (count: number) => JSON.stringify({ l: Array.from({ length: count }, () => ({ m })) })
  expect(await post(body(100))).toMatchObject({ status: 202, body: { accepted: 100 } })
  expect(await post(body(200))).toMatchObject({
    status: 413,
    body: { accepted: 0, error: expect.stringContaining('100000 bytes of unwrapped events') as unknown },
  })
  expect(sink.events.length).toBe(100)
})

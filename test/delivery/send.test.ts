import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '../../src/delivery/http/http-client.ts'
import { sendOnce } from '../../src/delivery/send.ts'
import {
  type DestinationType,
  defineDestination,
  type HttpDestination,
} from '../../src/destinations/_destination.ts'
import { type HttpClient, nullLog } from '../../src/model/ports.ts'
import { manualClock } from '../support/clock.ts'
import { testMessage } from '../support/message.ts'
import { destination } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { envReference, testSecrets } from '../support/secrets.ts'

let http: HttpClient & { close(): Promise<void> }
let receiver: Receiver

beforeEach(async () => {
  http = createHttpClient({ connectTimeoutMs: 2_000, totalTimeoutMs: 20_000, maxBodyBytes: 1_000 })
  receiver = await startReceiver()
})
afterEach(async () => {
  await http.close()
  await receiver.close()
})

/** A destination type of a user that sets no limits and catches no errors. */
const careless: HttpDestination<{ key?: string }> = {
  type: 'careless',
  summary: '',
  options: { type: 'object', properties: { key: { type: 'string' } }, additionalProperties: false },
  request: (message, { key = '' }) => ({
    method: 'POST',
    url: `${receiver.url}/${key}`,
    headers: { 'Idempotency-KEY': 'mine', 'uSer-agent': 'me', 'X-Case': 'kept' },
    body: message.json,
  }),
  answers: { provider: 'it', success: [{ text: 'ok' }], rules: [] },
}

function send(type: DestinationType, options = {}, environment = {}) {
  const ports = {
    types: async () => type,
    secrets: testSecrets(environment),
    http,
    clock: manualClock(),
    log: nullLog,
    print: async () => {},
    projectRoot: '.',
    version: '1.2.3',
  }
  const alert = { notification: testMessage().json, reference: '' }
  const sending = { alert, deliveryId: 'the-key', repeated: false }
  return sendOnce(ports, destination('a', { options }), sending, new AbortController().signal)
}

describe('sendOnce', () => {
  it('sets its two headers once, whatever the type set in whatever case', async () => {
    await send(careless)
    await receiver.until(1)
    const [{ headers, rawHeaders }] = receiver.requests as [Receiver['requests'][number]]
    expect(headers).toMatchObject({
      'idempotency-key': 'the-key',
      'user-agent': 'Signalbox/1.2.3',
      'x-case': 'kept',
    })
    const names = rawHeaders.map((name) => name.toLowerCase())
    expect(names.filter((name) => name === 'idempotency-key' || name === 'user-agent')).toHaveLength(2)
  })

  it('redacts an answer before it cuts it', async () => {
    receiver.script({ status: 500, body: `${'x'.repeat(490)}a-long-secret-of-the-environment` })
    const { message } = await send(
      careless,
      { key: envReference('KEY') },
      { KEY: 'a-long-secret-of-the-environment' },
    )
    await receiver.until(1)
    expect(message).toBe(`500: ${'x'.repeat(490)}<secret>`)
  })

  it('[DEL-3.4] text of a server is bounded and loses its control characters before it is stored', async () => {
    const talkative = defineDestination<object, object>({
      type: 'talkative',
      summary: '',
      options: careless.options,
      payload: () => ({}),
      send: async () => ({ message: `250 \u001b[2Jhello\r\n${'x'.repeat(100_000)}` }),
    })
    const { message } = await send(talkative)
    expect(message).toMatch(/^250 \[2Jhello x{900,1000}\.\.\.$/)
  })

  describe('with a type that says what its answers mean', () => {
    const reading: HttpDestination<{ key?: string }> = {
      ...careless,
      answers: {
        provider: 'the receiver',
        success: [
          { status: [201], field: 'id', receipt: (id) => `made ${id}` },
          { status: [409], text: 'known' },
        ],
        error: ({ body }) => (body.startsWith('code ') ? { codes: [body.slice(5)], text: body } : undefined),
        rules: [
          { codes: ['full'], effect: 'retry' },
          { codes: ['long', 'wide'], effect: 'dead' },
        ],
      },
    }
    it.each([
      [
        'delivers by a field',
        { status: 201, body: '{"id":7}' },
        { result: 'delivered', message: '201: made 7' },
      ],
      [
        'delivers by a field of an answer that is cut off',
        { status: 201, body: `{"text":"\\"id\\":8","id":7,"more":"${'x'.repeat(2_000)}"}` },
        { result: 'delivered', message: '201: made 7' },
      ],
      [
        'delivers by another status',
        { status: 409, body: 'known' },
        { result: 'delivered', message: '409: known' },
      ],
      [
        'retries a 2xx that is no success, and says whose answer it is not',
        { status: 200, body: '{}' },
        {
          result: 'retry',
          message: '200, but not with an answer of the receiver: an answer that is not a success: {}',
        },
      ],
      ['retries an error by its list', { status: 400, body: 'code full' }, { result: 'retry' }],
      [
        'refuses the alert by its list',
        { status: 400, body: 'code long' },
        { result: 'refused', scope: 'delivery' },
      ],
      [
        'pauses for an error in a 2xx that is on no list',
        { status: 200, body: 'code odd' },
        {
          result: 'refused',
          scope: 'destination',
          message: '200, but the receiver reports: code odd',
        },
      ],
      [
        'keeps to the status where it says nothing',
        { status: 409, body: '?' },
        { result: 'refused', message: '409: ?' },
      ],
      [
        'retries an answer that broke off',
        { status: 201, body: '{"i', fault: 'reset-mid-body' as const },
        { result: 'retry', message: 'the answer is incomplete' },
      ],
    ])('%s', async (_, answer, expected) => {
      receiver.script(answer)
      expect(await send(reading)).toMatchObject(expected)
      await receiver.until(1)
    })
  })

  it('a missing secret is a permanent error of the destination', async () => {
    const result = await send(careless, { key: envReference('NOWHERE') })
    expect(result).toMatchObject({ result: 'refused', scope: 'destination' })
  })
})

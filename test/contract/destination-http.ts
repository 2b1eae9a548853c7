/** What every destination that speaks HTTP must pass: on the wire, with a receiver that answers in every way there is. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { buildMessage } from '../../src/delivery/delivery-message.ts'
import { createHttpClient } from '../../src/delivery/http/http-client.ts'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import { type SendResult, sendOnce } from '../../src/delivery/send.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { notificationJson } from '../../src/model/alerts/alert.ts'
import type { HttpClient } from '../../src/model/ports.ts'
import { bodyBeginning } from '../support/body-beginning.ts'
import { manualClock } from '../support/clock.ts'
import { destination } from '../support/model.ts'
import { type Answer, REFUSING_PORT, type Receiver, startReceiver } from '../support/receiver.ts'
import { leaked, testSecrets } from '../support/secrets.ts'
import { draft, T0 } from '../support/store-rows.ts'
import { expectOnWire, type Wire } from '../support/wire.ts'
import { answersContract, requestsFor } from './destination-answers.ts'
import type { DirectWire } from './destination-direct.ts'

export interface DestinationFixture {
  /** Complete options whose every secret is a literal; `url` is the receiver's, for types that speak HTTP. */
  readonly options: (url: string) => Record<string, unknown>
  /** Texts of those options that may only appear on the wire. */
  readonly secrets: readonly string[]
  /** The answer that the provider documents for a success. Compulsory for types that speak HTTP. */
  readonly accepts?: Answer
  /** The statuses that are a success without a body; absent: none. */
  readonly bodyless?: (status: number) => boolean
  /** True: any JSON object is a success, because the receiver decides what it answers. */
  readonly acceptsAnyObject?: true
  /** True: an empty JSON object is a success, and no other text is. */
  readonly acceptsEmptyObject?: true
  /** True: a repeated attempt first looks for the record of an earlier one. */
  readonly lookUp?: true
  /** An error in the form that the provider documents. Compulsory for types whose table names errors. */
  readonly errorAnswer?: (error: DocumentedError) => Answer
  /** Answers with their outcomes. */
  readonly meanings?: readonly (readonly [string, Answer, Partial<SendResult>])[]
  /**
   * The requests that the provider accepts, written by hand from its documentation. Compulsory for types that speak
   * HTTP.
   */
  readonly wires?: readonly Wire[]
  /** Takes the payload out of a body that holds more than that; absent: the body is the payload. */
  readonly unwrap?: (body: string) => string
  /** The beginnings of the paths in the body below which the notification is sent exactly, as data. */
  readonly exact?: readonly string[]
  /** Compulsory for types that do not speak HTTP; null for those that use no network. */
  readonly direct?: DirectWire | null
  /**
   * For each fault that a type without HTTP declares, errors that are it. Compulsory where it declares any.
   */
  readonly faults?: Readonly<Record<string, readonly unknown[]>>
  /** The text of the history for an alert that is too long; absent: nothing is ever cut. */
  readonly cuts?: RegExp
}

export interface DocumentedError {
  /** The status of the rule; absent: that of the provider's errors in general. */
  readonly status?: number
  readonly code: string
  readonly text: string
}

const ALERT = { notification: notificationJson(draft(), 'alert-1', T0, ''), reference: '' }
const DELIVERY_ID = 'd'.repeat(32)
const MAX_BODY_BYTES = 64 * 1024
/** The time limit is measured by a clock that only moves during an answer without an end. */
const TOTAL_TIMEOUT_MS = 20_000

export interface Stage {
  readonly receiver: Receiver
  readonly logged: string[]
  /** Answers the next attempt, with one more request for an access token that is refused, and expects its requests. */
  script(answer: Answer): void
  /** @param more options beside those of the fixture. */
  send(url?: string, more?: object, repeated?: boolean): Promise<SendResult>
  /**
   * Sends to the receiver, which gives this answer. If the answer has no end, the timeout passes after its beginning.
   */
  sendFor(answer: Answer): Promise<SendResult>
}

export function httpContract(type: DestinationType, fixture: DestinationFixture): void {
  let http: HttpClient & { close(): Promise<void> }
  let receiver: Receiver
  let stage: Stage

  beforeEach(async () => {
    const clock = manualClock(T0)
    http = createHttpClient(
      { connectTimeoutMs: 20_000, totalTimeoutMs: TOTAL_TIMEOUT_MS, maxBodyBytes: MAX_BODY_BYTES },
      clock,
    )
    receiver = await startReceiver()
    stage = setStage(type, fixture, http, receiver, () => clock.advance(TOTAL_TIMEOUT_MS))
  })
  afterEach(async () => {
    await http.close()
    await receiver.close()
  })

  it('[DEL-1.3] every attempt sends what the provider accepts, with the same idempotency key', async () => {
    receiver.always(fixture.accepts!)
    expect(await stage.send()).toMatchObject({ result: 'delivered' })
    const first = receiver.requests.length
    expect(await stage.send()).toMatchObject({ result: 'delivered' })
    await receiver.until(2 * first)
    for (const request of receiver.requests) {
      expectOnWire(fixture.wires ?? [], request as Parameters<typeof expectOnWire>[1])
      expect(request.headers['idempotency-key']).toBe(DELIVERY_ID)
      expect(request.headers['user-agent']).toBe('Signalbox/1.2.3')
    }
    const lasting = receiver.requests.map(withoutTime)
    expect(lasting.slice(first)).toEqual(lasting.slice(0, first))
  })

  it('[DEL-3.3] the statuses 100 to 199 are not an answer', async () => {
    const statuses = Array.from({ length: 100 }, (_, i) => 100 + i)
    receiver.expect(statuses.length)
    const wrong: unknown[] = []
    for (const status of statuses) {
      receiver.script({ status, fault: 'interim' })
      const { result, message } = await stage.send()
      if (result !== 'retry') wrong.push({ status, result, message })
    }
    expect(wrong).toEqual([])
  })

  it('[DEL-3.3] the statuses 200 to 599 have the outcome that the provider documents', async () => {
    const statuses = Array.from({ length: 400 }, (_, i) => 200 + i)
    const wrong: unknown[] = []
    for (const status of statuses) {
      stage.script({ status })
      const { result, message, ...rest } = await stage.send()
      const ok = result === usualResult(status, fixture) && message.startsWith(String(status))
      if (!ok || rest.status !== status) wrong.push({ status, result, message })
    }
    expect(wrong).toEqual([])
  })

  answersContract(type, fixture, () => stage)

  if (fixture.meanings) {
    it.each(fixture.meanings)(
      'the outcome of a response is what its provider means: %s',
      async (_, answer, expected) => {
        stage.script(answer)
        expect(await stage.send()).toMatchObject(expected)
      },
    )
  }

  it.each(FAULTS)('[DEL-3.3] a faulty answer has the documented outcome: %s', async (_, answer, expected) => {
    receiver.script(answer)
    expect(await stage.sendFor(answer)).toMatchObject(expected)
    await receiver.until(1)
  })

  it('no secret is sent to another host if redirects are followed', async () => {
    const other = await startReceiver()
    receiver.script({ status: 307, headers: { location: other.url } })
    await stage.send(receiver.url, { transport: { followRedirects: true } })
    await receiver.until(1)
    const sent = JSON.stringify(other.requests)
    other.expect(other.requests.length)
    await other.close()
    expect(fixture.secrets.filter((secret) => sent.includes(secret))).toEqual([])
  })

  it('a delivery is retried if the connection is refused', async () => {
    const url = `http://127.0.0.1:${REFUSING_PORT}`
    const message = `${url}: connection refused (ECONNREFUSED)`
    expect(await stage.send(url)).toMatchObject({ result: 'retry', message })
  })

  it('[DEL-10.2] no result, log line or preview contains a secret', async () => {
    const echo = fixture.secrets.join(' and ')
    // Everything that the server received, header values included, as some servers answer with it.
    receiver.echo(3)
    const answers: Answer[] = [
      { status: 500, body: echo },
      { status: 400, body: echo },
      { status: 401, body: echo },
      { fault: 'reset' },
      { fault: 'silent' },
      { fault: 'garbage' },
    ]
    const results: SendResult[] = []
    receiver.expect(3)
    for (const answer of [{}, {}, {}]) results.push(await stage.sendFor(answer))
    for (const answer of answers) {
      stage.script(answer)
      results.push(await stage.sendFor(answer))
    }
    const message = buildMessage(ALERT, {
      destination: 'target',
      deliveryId: DELIVERY_ID,
      at: T0,
      repeated: false,
    })
    const preview = previewRequest(type, message, fixture.options(receiver.url), '1.2.3')
    const outputs = JSON.stringify([results, stage.logged, preview])
    expect(leaked([...fixture.secrets, ...encoded(fixture.secrets, receiver)], outputs)).toEqual([])
    if (fixture.secrets.length > 0) expect(results[3]!.message).toContain('<secret>')
  })
}

/** A signature contains its time. */
function withoutTime({ method, path, headers, body }: Receiver['requests'][number]): object {
  const { authorization, 'x-amz-date': date, ...lasting } = headers
  return { method, path, body, headers: date === undefined ? { ...lasting, authorization } : lasting }
}

/** The outcome of a status if the type defines no other one. */
function usualResult(status: number, { bodyless }: DestinationFixture): SendResult['result'] {
  if (status < 300) return bodyless?.(status) ? 'delivered' : 'retry'
  return [408, 425, 429].includes(status) || status >= 500 ? 'retry' : 'refused'
}

/** Credentials as they went over the wire: `Basic` is base64 of the secret. */
function encoded(secrets: readonly string[], { requests }: Receiver): string[] {
  return requests
    .map(({ headers }) => String(headers.authorization ?? ''))
    .flatMap((value) => value.split(' ').slice(1))
    .filter((value) => secrets.some((secret) => Buffer.from(value, 'base64').toString().includes(secret)))
}

const FAULTS: [string, Answer, Partial<SendResult> & { message: unknown }][] = [
  ['a reset', { fault: 'reset' }, { result: 'retry', message: expect.stringContaining('connection ') }],
  [
    'silence',
    { fault: 'silent' },
    { result: 'retry', message: expect.stringContaining('no answer within 20000 ms') },
  ],
  [
    'garbage',
    { fault: 'garbage' },
    { result: 'retry', message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+: /) },
  ],
  [
    'a redirect',
    { status: 302, headers: { location: '/elsewhere' } },
    {
      result: 'refused',
      message: '302: redirects to /elsewhere, and redirects are not followed',
      scope: 'destination',
    },
  ],
  [
    '500, then a reset',
    { status: 500, fault: 'reset-mid-body' },
    { result: 'retry', message: expect.stringMatching(/^500/) },
  ],
  [
    '500 with a body that stalls',
    { status: 500, fault: 'stalled-body' },
    { result: 'retry', message: '500: beginning of a body' },
  ],
  [
    '500 with an endless body',
    { status: 500, fault: 'endless-body' },
    { result: 'retry', message: expect.stringMatching(/^500: .{500}\.\.\.$/) },
  ],
]

function setStage(
  type: DestinationType,
  fixture: DestinationFixture,
  http: HttpClient,
  receiver: Receiver,
  timeOut: () => void,
): Stage {
  const logged: string[] = []
  const write = (fields: object, message: string) => logged.push(JSON.stringify({ ...fields, message }))
  const ports = {
    types: async () => type,
    secrets: testSecrets({}),
    http,
    clock: manualClock(T0),
    log: { debug: write, info: write, warn: write, error: write },
    print: async () => {},
    projectRoot: '.',
    version: '1.2.3',
  }
  const send = (url = receiver.url, more: object = {}, repeated = false) => {
    const options = { ...fixture.options(url), ...more }
    const target = destination('target', { type: type.type, options })
    const sending = { alert: ALERT, deliveryId: DELIVERY_ID, repeated }
    return sendOnce(ports, target, sending, new AbortController().signal)
  }
  const sendFor = async ({ fault }: Answer) => {
    const beginning = fault === 'stalled-body' ? bodyBeginning(receiver.url) : undefined
    const requestCount = receiver.requests.length
    const sent = send()
    if (fault === 'silent') await receiver.until(requestCount + 1).then(timeOut)
    await beginning?.then(timeOut)
    return sent
  }
  const script = (answer: Answer) => {
    const count = requestsFor(answer, fixture.options(receiver.url))
    receiver.script(...Array<Answer>(count).fill(answer))
    receiver.expect(receiver.requests.length + count)
  }
  return { receiver, logged, script, send, sendFor }
}

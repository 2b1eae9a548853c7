/** What every destination type must pass. Its test registers it here with options and the secrets they hold. */
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '../../src/delivery/http-client.ts'
import { buildMessage } from '../../src/delivery/message.ts'
import { previewRequest, type SendResult, sendOnce } from '../../src/delivery/send.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { notificationJson } from '../../src/model/alert.ts'
import type { HttpClient } from '../../src/model/ports.ts'
import { manualClock } from '../support/clock.ts'
import { loadDestination } from '../support/delivery.ts'
import { destination } from '../support/model.ts'
import { type Answer, closedPort, type Receiver, startReceiver } from '../support/receiver.ts'
import { testSecrets } from '../support/secrets.ts'
import { draft, T0 } from '../support/store-rows.ts'

export interface DestinationFixture {
  /** Complete options whose every secret is a literal; `url` is the receiver's, for types that speak HTTP. */
  readonly options: (url: string) => Record<string, unknown>
  /** Texts of those options that may appear nowhere but on the wire. */
  readonly secrets: readonly string[]
  /** A good answer, where 200 alone is not one. */
  readonly accepts?: Answer
}

const ALERT = { notification: notificationJson(draft(), 'alert-1', T0, ''), reference: '' }
const DELIVERY_ID = 'd'.repeat(32)
const MAX_BODY_BYTES = 64 * 1024
/** Real time: it bounds how long the hanging answers below hold the suite. */
const TOTAL_TIMEOUT_MS = 250

export function destinationContract(name: string, fixture: DestinationFixture): void {
  describe(`${name}, as every destination`, async () => {
    const type = await loadDestination(name)

    it('is named after its file and says what it is', () => {
      expect(type.type).toBe(name)
      expect(type.summary).toMatch(/\S/)
    })

    it('describes every option, refuses unknown ones and takes its own', () => {
      expect(type.options.additionalProperties).toBe(false)
      const undescribed = Object.entries(type.options.properties).filter(
        ([, property]) => !('description' in property && String(property.description).trim()),
      )
      expect(undescribed).toEqual([])
      const validate = new Ajv({ keywords: ['secret'], strict: true }).compile(type.options)
      expect(validate(fixture.options('https://example.com/x')) || validate.errors).toBe(true)
      expect(validate({ ...fixture.options('https://example.com/x'), nonsense: 1 })).toBe(false)
    })

    if ('request' in type) httpContract(type, fixture)
    else directContract(type, fixture)
  })
}

interface Stage {
  readonly receiver: Receiver
  readonly logged: string[]
  send(url?: string): Promise<SendResult>
}

function httpContract(type: DestinationType, fixture: DestinationFixture): void {
  let http: HttpClient & { close(): Promise<void> }
  let receiver: Receiver
  let stage: Stage

  beforeEach(async () => {
    http = createHttpClient({
      connectTimeoutMs: 2_000,
      totalTimeoutMs: TOTAL_TIMEOUT_MS,
      maxBodyBytes: MAX_BODY_BYTES,
    })
    receiver = await startReceiver()
    stage = setStage(type, fixture, http, receiver)
  })
  afterEach(async () => {
    await http.close()
    await receiver.close()
  })

  it('delivers, and gives the same idempotency key on every attempt', async () => {
    receiver.always(fixture.accepts ?? { status: 200 })
    expect(await stage.send()).toMatchObject({ result: 'delivered' })
    expect(await stage.send()).toMatchObject({ result: 'delivered' })
    await receiver.until(2)
    const [first, second] = receiver.requests
    expect(first!.headers['idempotency-key']).toBe(DELIVERY_ID)
    expect(first!.headers['user-agent']).toBe('Signalbox/1.2.3')
    expect(second).toEqual(first)
  })

  it('takes the statuses 300 to 599 for what they are', async () => {
    const statuses = Array.from({ length: 300 }, (_, i) => 300 + i)
    receiver.expect(statuses.length)
    const wrong: unknown[] = []
    for (const status of statuses) {
      receiver.script({ status })
      const { result, message, ...rest } = await stage.send()
      const transient = [408, 425, 429].includes(status) || status >= 500
      const ok = result === (transient ? 'retry' : 'refused') && message.startsWith(String(status))
      if (!ok || rest.status !== status) wrong.push({ status, result, message })
    }
    expect(wrong).toEqual([])
  })

  const FAULTS: [string, Answer, Partial<SendResult> & { message: unknown }][] = [
    ['a reset', { fault: 'reset' }, { result: 'retry', message: expect.stringContaining('connection ') }],
    [
      'silence',
      { fault: 'silent' },
      { result: 'retry', message: expect.stringContaining('no answer within 250 ms') },
    ],
    [
      'garbage',
      { fault: 'garbage' },
      { result: 'retry', message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+: /) },
    ],
    [
      'a redirect',
      { status: 302, headers: { location: '/elsewhere' } },
      { result: 'refused', message: '302: redirects are not followed' },
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

  it.each(FAULTS)('survives %s', async (_, answer, expected) => {
    receiver.script(answer)
    expect(await stage.send()).toMatchObject(expected)
    await receiver.until(1)
  })

  it('retries when nobody listens', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`
    const message = `${url}: connection refused (ECONNREFUSED)`
    expect(await stage.send(url)).toMatchObject({ result: 'retry', message })
  })

  it('says no secret in any result, log line or preview', async () => {
    const echo = fixture.secrets.join(' and ')
    receiver.script(
      { status: 500, body: echo },
      { status: 400, body: echo },
      { status: 401, body: echo },
      { fault: 'reset' },
      { fault: 'silent' },
      { fault: 'garbage' },
    )
    const results: SendResult[] = []
    for (let n = 0; n < 6; n++) results.push(await stage.send())
    await receiver.until(6)
    const message = buildMessage(ALERT, 'target', DELIVERY_ID, T0)
    const preview = previewRequest(type, message, fixture.options(receiver.url), '1.2.3')
    const told = JSON.stringify([results, stage.logged, preview])
    expect(fixture.secrets.filter((secret) => told.includes(secret))).toEqual([])
    expect(results[0]!.message).toContain('<secret>')
  })
}

function setStage(
  type: DestinationType,
  fixture: DestinationFixture,
  http: HttpClient,
  receiver: Receiver,
): Stage {
  const logged: string[] = []
  const write = (fields: object, message: string) => logged.push(JSON.stringify({ ...fields, message }))
  const ports = {
    types: async () => type,
    secrets: testSecrets({}),
    http,
    clock: manualClock(T0),
    log: { debug: write, info: write, warn: write, error: write },
    print: () => {},
    projectRoot: '.',
    version: '1.2.3',
  }
  const send = (url = receiver.url) => {
    const target = destination('target', { type: type.type, options: fixture.options(url) })
    return sendOnce(ports, target, ALERT, DELIVERY_ID, new AbortController().signal)
  }
  return { receiver, logged, send }
}

function directContract(type: DestinationType, fixture: DestinationFixture): void {
  it('has no request to preview', () => {
    const message = buildMessage(ALERT, 'target', DELIVERY_ID, T0)
    expect(previewRequest(type, message, fixture.options(''), '1.2.3')).toBeNull()
  })
}

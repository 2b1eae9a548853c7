import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import webhook from '../../src/destinations/webhook.ts'
import type { HttpRequest } from '../../src/model/ports.ts'
import { destinationContract } from '../contract/destination.ts'
import { testMessage } from '../support/message.ts'
import { NOTIFICATION } from '../support/notification-table.ts'
import { type Answer, type Receiver, startReceiver } from '../support/receiver.ts'
import { envReference } from '../support/secrets.ts'
import { sendSample } from '../support/stage.ts'

destinationContract('webhook', {
  exact: [''],
  options: (url) => ({
    url: `${url}/hooks/T0KEN-in-path?sig=T0KEN-in-query`,
    headers: {
      'X-Key': 'T0KEN-in-header',
      'idempotency-KEY': 'mine instead of yours',
      'USER-agent': 'another client',
    },
    transport: { signingSecret: 'T0KEN-for-signatures' },
  }),
  accepts: { status: 200, body: '{"ok":true}' },
  bodyless: () => true,
  retriedStatuses: [409],
  errorAnswer: ({ status = 400, text }) => ({ status, body: text }),
  acceptsAnyObject: true,
  secrets: ['T0KEN-in-path', 'T0KEN-in-query', 'T0KEN-in-header', 'T0KEN-for-signatures'],
  wires: [
    {
      path: '/hooks/T0KEN-in-path?sig=T0KEN-in-query',
      headers: {
        'content-type': 'application/json',
        'x-signalbox-timestamp': /^\d+$/,
        'x-signalbox-signature': /^sha256=[0-9a-f]{64}$/,
      },
      body: NOTIFICATION,
    },
  ],
})

const URL = 'https://soc.example.com/alerts'
const request = (options: object): HttpRequest => {
  if (!('request' in webhook)) throw new Error('webhook makes one request')
  return webhook.request(testMessage(), options as never)
}

describe('webhook', () => {
  it('the documented notification is sent with 13 keys in order and unchanged text', () => {
    const { method, url, body } = request({ url: URL })
    expect({ method, url }).toEqual({ method: 'POST', url: URL })
    expect(Object.keys(JSON.parse(body) as object)).toEqual(
      'id createdAt severity type link title name alertId alertContext description runbook tags version'.split(
        ' ',
      ),
    )
    expect(body).toBe(testMessage().json)
    expect(body).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
  })

  it('the request is JSON, and the options can add or replace headers in any letter case', () => {
    expect(request({ url: URL }).headers).toEqual({
      'content-type': 'application/json',
      accept: 'application/json',
    })
    const headers = { 'Content-Type': 'application/vnd.alert+json', Authorization: 'Bearer abc' }
    expect(request({ url: URL, headers }).headers).toEqual({
      'content-type': 'application/vnd.alert+json',
      accept: 'application/json',
      authorization: 'Bearer abc',
    })
  })

  it('a preview has references as written and masked literals', () => {
    const options = {
      url: 'https://soc.example.com/hooks/literal-token',
      headers: { 'X-Key': envReference('SOC_KEY'), 'X-Other': 'literal' },
    }
    expect(previewRequest(webhook, testMessage(), options, '1.2.3')).toEqual({
      method: 'POST',
      url: 'https://soc.example.com/<secret>',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-key': envReference('SOC_KEY'),
        'x-other': '<secret>',
        'user-agent': 'Signalbox/1.2.3',
        'idempotency-key': 'd'.repeat(32),
      },
      body: testMessage().json,
    })
  })
})

describe('what the user expects', () => {
  const json = { 'content-type': 'application/json; charset=utf-8' }
  const page = { 'content-type': 'text/html' }
  let receiver: Receiver
  beforeEach(async () => {
    receiver = await startReceiver()
  })
  afterEach(() => receiver.close())
  const outcome = async (expected: object, answer: Answer) => {
    receiver.script(answer)
    receiver.expect(receiver.requests.length + 1)
    return (await sendSample(webhook, { url: receiver.url, expect: expected })).result
  }

  it.each([
    ['a status', { status: [201] }, { status: 201 }, { status: 200 }],
    ['a content type', { contentType: 'application/json' }, { headers: json }, { body: 'ok' }],
    [
      'a page',
      { contentType: 'text/html' },
      { headers: page, body: '<html>' },
      { headers: json, body: '{}' },
    ],
    [
      'values of the body',
      { json: { 'result.ok': true, n: 1 } },
      { headers: json, body: '{"result":{"ok":true},"n":1}' },
      { headers: json, body: '{"result":{"ok":false},"n":1}' },
    ],
  ])('the answer that the user expects is the only success: %s', async (_, expected, success, other) => {
    expect([await outcome(expected, success), await outcome(expected, other)]).toEqual(['delivered', 'retry'])
  })
})

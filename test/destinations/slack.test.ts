import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import slack from '../../src/destinations/slack.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { sendSample } from '../support/stage.ts'
import { anyObject, listOf, matching, oneOf, table, text, type Wire } from '../support/wire.ts'

const ATTACHMENTS = listOf(
  table({
    fallback: text(5_000),
    color: oneOf('#47b881', '#f7d154', '#d9822b', '#cb2e2e', '#425a70'),
    title: text(5_000),
    'text?': text(2_000),
    fields: listOf(table({ 'title?': text(), value: text(8_000), short: { type: 'boolean' } })),
    mrkdwn_in: listOf(oneOf('text', 'fields')),
  }),
  { minItems: 1, maxItems: 1 },
)

const WEBHOOK: Wire = {
  path: /^\/services\/T000/,
  maxBytes: 35_000,
  headers: { 'content-type': 'application/json' },
  body: table({ attachments: ATTACHMENTS }),
}

const POST_MESSAGE: Wire = {
  path: '/chat.postMessage',
  maxBytes: 35_000,
  headers: { 'content-type': 'application/json; charset=utf-8', authorization: /^Bearer / },
  body: table({
    channel: text(),
    'thread_ts?': matching('^\\d+\\.\\d+$'),
    'text?': text(40_000),
    'attachments?': ATTACHMENTS,
    'metadata?': table({ event_type: text(), event_payload: anyObject }),
  }),
}

destinationContract('slack', {
  options: (url) => ({ webhookUrl: `${url}/services/T000/B000/T0KEN-of-the-hook` }),
  errorAnswer: ({ code }) => ({ status: 200, body: JSON.stringify({ ok: false, error: code }) }),
  secrets: ['T0KEN-of-the-hook'],
  accepts: { status: 200, body: 'ok' },
  cuts: /context cut from \d+ to 3900 characters; title cut from \d+ to 1024/,
  wires: [WEBHOOK, POST_MESSAGE],
  meanings: [
    [
      '200 with an error body',
      { status: 200, body: 'no_service' },
      {
        result: 'refused',
        scope: 'destination',
        message: '200, but Slack reports: no_service (the webhook)',
      },
    ],
    ['200 with anything else', { status: 200, body: '<html>' }, { result: 'retry', status: 200 }],
    [
      '200, and to come back in a year',
      { status: 200, headers: { 'retry-after': '31536000' }, body: '{"ok":false,"error":"ratelimited"}' },
      { result: 'retry', retryAfterMs: 3_600_000 },
    ],
    [
      '200 with another refusal',
      { status: 200, body: '{"ok":false,"error":"invalid_auth"}' },
      {
        result: 'refused',
        scope: 'destination',
        message: '200, but Slack reports: invalid_auth (the token or its scopes)',
      },
    ],
    [
      '200, but too long',
      { status: 200, body: '{"ok":false,"error":"msg_too_long"}' },
      { result: 'refused', scope: 'delivery' },
    ],
    [
      '200, but too many',
      { status: 200, headers: { 'retry-after': '7' }, body: '{"ok":false,"error":"ratelimited"}' },
      { result: 'retry', retryAfterMs: 7_000 },
    ],
    [
      'a hook that is gone',
      { status: 410, body: 'channel_is_archived' },
      { result: 'refused', scope: 'destination' },
    ],
  ],
})

const bodyOf = (message: ReturnType<typeof messageOf>, options: object) => {
  const preview = previewRequest(slack, message, options as never, '1.2.3')
  if ('payload' in preview) throw new Error('slack speaks HTTP')
  return JSON.parse(preview.body)
}

it('mentions and links are escaped, and text stays in the code block', () => {
  const evil = '<!channel> <https://evil.example|here> & ```'
  const { attachments } = bodyOf(messageOf({ title: evil, context: JSON.stringify({ evil }) }, ''), {
    webhookUrl: 'https://hooks.slack.com/x',
  })
  expect(attachments[0].title).toBe('New Alert: &lt;!channel&gt; &lt;https://evil.example|here&gt; &amp; ```')
  const { value } = attachments[0].fields.at(-1)
  expect(value.slice(3, -3)).not.toMatch(/[<>]|```/)
})

it('a webhook has no thread, and the history says where the context is', () => {
  const preview = previewRequest(
    slack,
    messageOf({ context: '{"ip":"198.51.100.7"}' }, ''),
    { webhookUrl: 'https://hooks.slack.com/x', context: 'thread' },
    '1.2.3',
  )
  expect(preview.notes).toEqual(['context is in the message, because a webhook cannot answer in a thread'])
  expect(JSON.stringify(preview)).toContain('198.51.100.7')
})

it('no block of a context is longer than Slack shows in one message', () => {
  const context = JSON.stringify({ text: '&<>'.repeat(3_000) })
  const { attachments } = bodyOf(messageOf({ context }, ''), { webhookUrl: 'https://hooks.slack.com/x' })
  const { value } = attachments[0].fields.at(-1)
  expect(value.length).toBeLessThanOrEqual(4_000)
  expect(value).toMatch(/&(?:amp|lt|gt);…```$/)
})

describe('as a bot', () => {
  let receiver: Receiver
  beforeEach(async () => {
    receiver = await startReceiver()
  })
  afterEach(() => receiver.close())

  const POSTED = { status: 200, body: '{"ok":true,"channel":"C1","ts":"1767225600.000100"}' }
  const send = (options: object) =>
    sendSample(slack, { botToken: 'xoxb-T0KEN', channel: 'C1', apiUrl: receiver.url, ...options })
  const bodies = () => receiver.requests.map(({ body }) => JSON.parse(body))

  it('a bot posts to its channel, and marks the message with the delivery', async () => {
    receiver.script(POSTED)
    expect(await send({})).toMatchObject({
      result: 'delivered',
      message: '200: posted 1767225600.000100 in C1',
    })
    await receiver.until(1)
    const [body] = bodies()
    expect(body).toMatchObject({
      channel: 'C1',
      metadata: { event_payload: { idempotency_key: 'k'.repeat(32) } },
    })
    expect(receiver.requests[0]!.headers.authorization).toBe('Bearer xoxb-T0KEN')
  })

  it('sends the payload of a template to its channel and thread, marked with the delivery', async () => {
    receiver.script(POSTED)
    const template = { payload: { text: 'HELLO {{severity}}', blocks: [], channel: 'C9' } }
    expect(await send({ template, threadTs: '1.2' })).toMatchObject({
      result: 'delivered',
      message: '200: posted 1767225600.000100 in C1 (payload from the template)',
    })
    await receiver.until(1)
    expect(bodies()).toEqual([
      {
        text: 'HELLO HIGH',
        blocks: [],
        channel: 'C1',
        thread_ts: '1.2',
        metadata: expect.objectContaining({ event_type: 'signalbox_alert' }),
      },
    ])
  })

  it('replies to its own message with the context', async () => {
    receiver.script(POSTED, POSTED)
    expect(await send({ context: 'thread' })).toMatchObject({
      message: expect.stringMatching(/context in its thread$/),
    })
    await receiver.until(2)
    const [first, reply] = bodies()
    expect(JSON.stringify(first)).not.toContain('198.51.100.7')
    expect(reply).toMatchObject({ channel: 'C1', thread_ts: '1767225600.000100' })
    expect(reply.text).toContain('198.51.100.7')
  })

  it('an alert counts as delivered if only the reply fails, and the receipt says so', async () => {
    receiver.script(POSTED, { status: 500 })
    expect(await send({ context: 'thread' })).toMatchObject({
      result: 'delivered',
      message: '200: posted 1767225600.000100 in C1; its context is missing: 500',
    })
    await receiver.until(2)
  })

  it('the bot replies in an existing thread', async () => {
    receiver.script(POSTED)
    await send({ threadTs: '1.5', context: 'none' })
    await receiver.until(1)
    expect(bodies()[0]).toMatchObject({ thread_ts: '1.5' })
  })
})

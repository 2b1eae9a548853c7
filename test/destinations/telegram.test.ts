import { expect, it } from 'vitest'
import telegram from '../../src/destinations/telegram.ts'
import { destinationContract } from '../contract/destination.ts'
import { previewBody } from '../support/stage.ts'
import { oneOf, table, text } from '../support/wire.ts'

const SENT = { status: 200, body: '{"ok":true,"result":{"message_id":9}}' }
const OPTIONS = { botToken: '123:T0KEN-of-telegram', chatId: '-100', threadId: 4 }

destinationContract('telegram', {
  options: (apiUrl) => ({ apiUrl, ...OPTIONS }),
  errorAnswer: ({ status, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ ok: false, error_code: 400, description: `Bad Request: ${text}` }),
  }),
  secrets: ['123:T0KEN-of-telegram'],
  accepts: SENT,
  cuts: /^title cut from \d+ to 512 characters/,
  meanings: [
    ['200, sent', SENT, { result: 'delivered', message: '200: sent as message 9' }],
    ['200 of a proxy', { status: 200, body: '<html>' }, { result: 'retry', status: 200 }],
    [
      'too many',
      { status: 429, body: '{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":5}}' },
      { result: 'retry', retryAfterMs: 5_000 },
    ],
    [
      'a chat that is not there',
      { status: 400, body: '{"ok":false,"description":"Bad Request: chat not found"}' },
      { result: 'refused', scope: 'destination' },
    ],
    [
      'a text it does not take',
      { status: 400, body: '{"ok":false,"description":"Bad Request: text"}' },
      { scope: 'delivery' },
    ],
  ],
  wires: [
    {
      path: /^\/bot123:T0KEN-of-telegram\/sendMessage$/,
      body: table({
        chat_id: text(),
        'message_thread_id?': { type: 'integer' },
        text: text(),
        parse_mode: oneOf('HTML'),
        link_preview_options: table({ is_disabled: { type: 'boolean' } }),
      }),
    },
  ],
})

const readable = (html: string) =>
  html
    .replace(/<\/?(?:b|pre)>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

it('the visible text has at most 4,096 characters, and no markup of the alert', () => {
  const draft = {
    title: '<b>&'.repeat(500),
    description: '<a href="x">'.repeat(200),
    context: '{"a":"<pre>"}',
  }
  const { text: sent } = previewBody(telegram, draft, OPTIONS) as { text: string }
  expect(readable(sent).length).toBeLessThanOrEqual(4_096)
  expect(sent.match(/<[^>]*>/g)).toEqual(['<b>', '</b>', '<pre>', '</pre>'])
})

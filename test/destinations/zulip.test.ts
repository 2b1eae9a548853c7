import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import zulip from '../../src/destinations/zulip.ts'
import { destinationContract } from '../contract/destination.ts'
import { leastMessage, messageOf, mostMessage, sampleMessage } from '../support/message.ts'

const OPTIONS = {
  email: 'bot@example.com',
  apiKey: 'T0KEN-of-zulip',
  channel: 'soc',
}

destinationContract('zulip', {
  options: (url) => ({ url, ...OPTIONS }),
  accepts: { status: 200, body: '{"id":42,"msg":"","result":"success"}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ result: 'error', code, msg: text }),
  }),
  secrets: ['T0KEN-of-zulip'],
  cuts: /text cut from \d+ to \d+ characters/,
  meanings: [
    [
      'no access, under the code of every error without one',
      { status: 403, body: '{"result":"error","msg":"Access denied","code":"BAD_REQUEST"}' },
      { result: 'refused', scope: 'destination' },
    ],
    [
      '200, sent',
      { status: 200, body: '{"id":42,"msg":"","result":"success"}' },
      { result: 'delivered', message: '200: sent as message 42' },
    ],
    [
      '429, with its wait in the body',
      {
        status: 429,
        body: '{"code":"RATE_LIMIT_HIT","msg":"API usage exceeded rate limit","result":"error","retry-after":28.706}',
      },
      { result: 'retry', retryAfterMs: 28_706 },
    ],
  ],
  // The body is a form and not JSON, so its content is checked below.
  wires: [
    {
      path: '/api/v1/messages',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        authorization: `Basic ${Buffer.from('bot@example.com:T0KEN-of-zulip').toString('base64')}`,
      },
    },
  ],
})

function formOf(message: ReturnType<typeof messageOf>, more: object = {}): URLSearchParams {
  const options = { url: 'https://zulip.example', ...OPTIONS, ...more }
  const preview = previewRequest(zulip, message, options, '1.2.3') as { body: string }
  return new URLSearchParams(preview.body)
}

it.each([sampleMessage('t'), leastMessage(), mostMessage()])(
  'the request is a form that Zulip accepts',
  (message) => {
    const form = formOf(message)
    expect([...form.keys()].sort()).toEqual(['content', 'to', 'topic', 'type'])
    expect(form.get('type')).toBe('stream')
    expect(form.get('to')).toBe('soc')
    expect(form.get('topic')).toMatch(/^[^\p{Cc}]{1,60}$/u)
    expect(form.get('content')!.length).toBeLessThanOrEqual(10_000)
  },
)

it('each detection has its own topic unless the options name one', () => {
  expect(formOf(messageOf({ name: 'Root login' }, '')).get('topic')).toBe('Root login')
  expect(formOf(messageOf({ name: 'Root login' }, ''), { topic: 'alerts' }).get('topic')).toBe('alerts')
})

it('no text of an alert ends the code block', () => {
  const content = formOf(messageOf({ title: '```\n@**all**', description: '~~~~\n```' }, '')).get('content')!
  expect(content.split('```')).toEqual(['', expect.stringContaining('@**all**'), ''])
})

import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import rocketchat from '../../src/destinations/rocketchat.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { table, text } from '../support/wire.ts'

destinationContract('rocketchat', {
  options: (url) => ({ webhookUrl: `${url}/hooks/a1/T0KEN-of-rocket`, channel: '#soc', alias: 'Signalbox' }),
  accepts: { status: 200, body: '{"success":true}' },
  errorAnswer: ({ status, text: reason }) => ({
    status: status ?? 400,
    body: JSON.stringify({ success: false, error: reason }),
  }),
  secrets: ['T0KEN-of-rocket'],
  cuts: /text cut from \d+ to \d+ characters/,
  meanings: [
    [
      '429, with its wait in the text',
      {
        status: 429,
        body: '{"success":false,"error":"Error, too many requests. Please slow down. You must wait 28 seconds before trying this endpoint again. [error-too-many-requests]"}',
      },
      { result: 'retry', retryAfterMs: 28_000 },
    ],
    ['a disabled webhook', { status: 503, body: '"Service Unavailable"' }, { result: 'retry' }],
    [
      'a webhook that is gone',
      { status: 404, body: '{"success":false,"error":"Invalid integration id or token provided."}' },
      { result: 'refused', scope: 'destination' },
    ],
  ],
  wires: [
    {
      path: /^\/hooks\//,
      headers: { 'content-type': 'application/json' },
      body: table({ 'channel?': text(), 'alias?': text(), text: text(5_000) }),
    },
  ],
})

it('no text of an alert ends the code block or becomes a mention', () => {
  const hostile = '```\n@all [here](https://evil.example) *x*'
  const message = messageOf({ title: hostile, description: hostile }, '')
  const preview = previewRequest(rocketchat, message, { webhookUrl: 'https://x' }, '1.2.3') as {
    body: string
  }
  const { text: sent } = JSON.parse(preview.body) as { text: string }
  expect(sent.startsWith('```text\n')).toBe(true)
  expect(sent.split('```')).toEqual(['', expect.stringContaining('@all'), ''])
})

it('a field of a template is no mention, link or emphasis', () => {
  const field = rocketchat.escapeField!('@all #general [a](https://b.example) *x* `y` <t:1> :smile:')
  expect(field).not.toMatch(/@\w|#\w|\]\(|[*`]|<t|:s/)
  expect(field.replaceAll('\u200b', '')).toBe('@all #general [a](https://b.example) ∗x∗ ˋyˋ <t:1> :smile:')
})

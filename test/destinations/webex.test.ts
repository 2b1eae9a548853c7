import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import webex from '../../src/destinations/webex.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { table, text } from '../support/wire.ts'

destinationContract('webex', {
  options: (apiUrl) => ({ apiUrl, botToken: 'T0KEN-of-webex', roomId: 'Y2lzY29zcGFyazovL3Nw' }),
  accepts: { status: 200, body: '{"id":"m-1","text":"t"}' },
  errorAnswer: ({ status, text: reason }) => ({
    status: status ?? 400,
    body: JSON.stringify({ message: reason, errors: [{ description: reason }], trackingId: 't' }),
  }),
  secrets: ['T0KEN-of-webex'],
  cuts: /title cut from \d+ to 500 characters/,
  meanings: [
    [
      '200, sent',
      { status: 200, body: '{"id":"m-1"}' },
      { result: 'delivered', message: '200: sent as message m-1' },
    ],
    [
      'an error, with the id for support',
      { status: 404, body: '{"message":"Could not find a room with provided ID.","trackingId":"ROUTER_1"}' },
      {
        result: 'refused',
        scope: 'destination',
        message:
          '404: Could not find a room with provided ID. (tracking id ROUTER_1) (the space, or the bot is not in it)',
      },
    ],
  ],
  wires: [
    {
      path: '/messages',
      headers: { 'content-type': 'application/json', authorization: 'Bearer T0KEN-of-webex' },
      body: table({ roomId: text(), text: text(500), markdown: text(7_439) }),
    },
  ],
})

it('the message has at most 7,439 bytes, whatever characters it consists of', () => {
  const message = messageOf({ description: '雪'.repeat(7_000), title: '雪'.repeat(600) }, '')
  const options = { botToken: 'T0KEN-of-webex', toPersonEmail: 'a@example.com' }
  const preview = previewRequest(webex, message, options, '1.2.3') as { body: string }
  const { markdown, toPersonEmail } = JSON.parse(preview.body) as Record<string, string>
  expect(Buffer.byteLength(markdown!)).toBeLessThanOrEqual(7_439)
  expect(Buffer.byteLength(markdown!)).toBeGreaterThan(7_000)
  expect(toPersonEmail).toBe('a@example.com')
})

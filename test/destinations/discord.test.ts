import { destinationContract } from '../contract/destination.ts'
import { listOf, matching, table, text } from '../support/wire.ts'

destinationContract('discord', {
  options: (url) => ({ webhookUrl: `${url}/api/webhooks/1/T0KEN-of-discord`, username: 'Signalbox' }),
  accepts: { status: 204 },
  bodyless: (status) => status === 204,
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ message: text, code: Number(code) || code, errors: { x: text } }),
  }),
  secrets: ['T0KEN-of-discord'],
  cuts: /^title cut from \d+ to 256 characters/,
  meanings: [
    [
      '429, with its wait in the body',
      { status: 429, body: '{"message":"You are being rate limited.","retry_after":1.5,"global":false}' },
      { result: 'retry', retryAfterMs: 1_500 },
    ],
  ],
  wires: [
    {
      path: /^\/api\/webhooks\//,
      headers: { 'content-type': 'application/json' },
      body: table({
        'username?': text(80),
        embeds: listOf(
          table({
            title: text(256),
            description: text(4_096),
            'url?': matching('^https?://'),
            color: { type: 'integer', minimum: 0, maximum: 0xffffff },
            timestamp: matching('^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$'),
          }),
          { minItems: 1, maxItems: 1 },
        ),
        allowed_mentions: table({ parse: listOf(text(), { maxItems: 0 }) }),
      }),
    },
  ],
})

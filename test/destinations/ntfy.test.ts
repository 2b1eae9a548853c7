import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import ntfy from '../../src/destinations/ntfy.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { listOf, matching, oneOf, table, text } from '../support/wire.ts'

destinationContract('ntfy', {
  options: (url) => ({ url, topic: 'T0KEN-of-topic', token: 'tk_T0KEN-of-ntfy', tags: ['rotating_light'] }),
  accepts: { status: 200, body: '{"id":"hwQ2YpKdmg","event":"message","topic":"t"}' },
  errorAnswer: ({ status, code, text: reason }) => ({
    status: status ?? 400,
    body: JSON.stringify({ code: Number(code) || code, http: status ?? 400, error: reason }),
  }),
  secrets: ['T0KEN-of-topic', 'tk_T0KEN-of-ntfy'],
  cuts: /title cut from \d+ to 200 bytes/,
  meanings: [
    [
      '200, published',
      { status: 200, body: '{"id":"hwQ2YpKdmg","event":"message"}' },
      { result: 'delivered', message: '200: published as hwQ2YpKdmg' },
    ],
    [
      'the quota of the day',
      { status: 429, body: '{"code":42908,"http":429,"error":"limit reached: daily message quota reached"}' },
      { result: 'retry' },
    ],
  ],
  wires: [
    {
      path: '/',
      headers: { 'content-type': 'application/json', authorization: 'Bearer tk_T0KEN-of-ntfy' },
      maxBytes: 8_192,
      body: table({
        topic: matching('^[-_A-Za-z0-9]{1,64}$'),
        title: text(200),
        message: text(4_096),
        priority: oneOf(1, 2, 3, 4, 5),
        tags: listOf(text(), { maxItems: 5 }),
        'click?': matching('^https?://'),
      }),
    },
  ],
})

it.each(['\n', '"', '\\', '雪', '👩‍👩‍👧‍👦'])(
  'the body stays below 8,192 bytes for an alert full of %j',
  (character) => {
    const filled = character.repeat(9_000)
    const tags = Array.from({ length: 9 }, (_, i) => `${i}${filled}`)
    const message = messageOf({ title: filled, description: filled, tags }, 'https://soc.example.com/a')
    const preview = previewRequest(ntfy, message, { topic: 't' }, '1.2.3') as { body: string }
    expect(Buffer.byteLength(preview.body)).toBeLessThanOrEqual(8_192)
    const { message: sent } = JSON.parse(preview.body) as { message: string }
    expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(4_096)
  },
)

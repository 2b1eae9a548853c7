/** POSTs the notification, exactly as documented, to any URL. */
import { defineDestination, type Message, type Outgoing } from './_destination.ts'
import { env } from './_options.ts'
import { postJson } from './parts/json-request.ts'
import { EXPECT_SCHEMA, type Expectation, expectedSuccess } from './parts/options/expect.ts'
import { headersSchema, lowerCased } from './parts/options/user-headers.ts'
import { notificationUpdates } from './parts/updates/notification-update.ts'

interface WebhookOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly expect?: Expectation
}

export default defineDestination<WebhookOptions>({
  type: 'webhook',
  summary: 'HTTP POST of the notification to a URL',
  rate: { documented: 'Only you know the rate of the receiver.' },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['url'],
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        secret: true,
        examples: [env('SOC_INBOX_URL')],
        description: 'URL to POST to. `user:password@` becomes basic authentication.',
      },
      headers: headersSchema(
        'Headers to add, for example for authentication. They may replace `Content-Type` and `Accept`, but not `Idempotency-Key`, `User-Agent` and the signature.',
      ),
      expect: EXPECT_SCHEMA,
    },
    additionalProperties: false,
  },
  request,
  updates: notificationUpdates(request),
  answers: {
    provider: 'the receiver',
    success: expectedSuccess,
    // https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
    rules: [
      {
        status: [409],
        effect: 'retry',
        meaning: 'the receiver still processes an earlier attempt with the same `Idempotency-Key`',
      },
    ],
  },
})

function request(message: Message, { url, headers }: WebhookOptions): Outgoing {
  return postJson(url, message.payload ?? message.json, { headers: lowerCased(headers) })
}

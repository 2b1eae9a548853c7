/** POSTs the notification, exactly as documented, to any URL; optionally signed. */
import { createHmac } from 'node:crypto'
import { defineDestination } from './_destination.ts'

interface WebhookOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signingSecret?: string
}

export default defineDestination<WebhookOptions>({
  type: 'webhook',
  summary: 'HTTP POST of the notification to a URL',
  options: {
    type: 'object',
    required: ['url'],
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        secret: true,
        description: 'Where to POST. `user:password@` becomes basic authentication.',
      },
      headers: {
        type: 'object',
        secret: true,
        propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
        additionalProperties: { type: 'string' },
        description:
          'Headers to add, for example for authentication. `Idempotency-Key`, `User-Agent` and the signature stay ours.',
      },
      signingSecret: {
        type: 'string',
        minLength: 16,
        secret: true,
        description: 'Signs every request with HMAC-SHA256 over `timestamp.body`.',
      },
    },
    additionalProperties: false,
  },
  request(message, { url, headers, signingSecret }) {
    return {
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...lowerCased(headers),
        ...(signingSecret && signature(signingSecret, Math.floor(message.at / 1_000), message.json)),
      },
      body: message.json,
    }
  },
})

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** The timestamp is signed too, so that a receiver can refuse replays. */
function signature(secret: string, timestamp: number, body: string): Record<string, string> {
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return { 'x-signalbox-timestamp': String(timestamp), 'x-signalbox-signature': `sha256=${digest}` }
}

/** Zulip: a message of a bot to a topic of a channel. */
import { basicAuth } from '../core/basic-auth.ts'
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { fencedText, withoutMarkup } from './parts/fenced-text.ts'
import { joinUrl } from './parts/json-request.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface ZulipOptions {
  readonly url: string
  readonly email: string
  readonly apiKey: string
  readonly channel: string
  readonly topic?: string
}

/** The usual limits of a server. */
const TOPIC_LIMIT = 60
const CONTENT_LIMIT = 10_000

export default defineDestination<ZulipOptions>({
  type: 'zulip',
  summary: 'a message in a Zulip channel',
  rate: {
    documented:
      'Zulip limits the requests of each user as its administrator has set, and answers 429 with the wait.',
  },
  escapeField: withoutMarkup,
  options: {
    type: 'object',
    required: ['url', 'email', 'apiKey', 'channel'],
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://example.zulipchat.com'],
        description: 'URL of the organization.',
      },
      email: text('E-mail address of the bot.', 'signalbox-bot@example.zulipchat.com'),
      apiKey: secretText('ZULIP_KEY', "The bot's API key."),
      channel: text('The channel, by its name.', 'soc-alerts'),
      topic: text('One topic for all alerts; by default each detection has its own.', 'alerts'),
    },
    additionalProperties: false,
  },
  request(message, { url, email, apiKey, channel, topic }) {
    const truncation = new Truncation()
    const { name, id } = message.notification
    const form = new URLSearchParams({
      type: 'stream',
      to: channel,
      topic: truncation.text('topic', (topic ?? (name || id)).replace(/\s+/g, ' '), TOPIC_LIMIT),
      content: fencedText(message, truncation, CONTENT_LIMIT),
    })
    return {
      method: 'POST',
      url: joinUrl(url, 'api/v1/messages'),
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        accept: 'application/json',
        authorization: basicAuth(email, apiKey),
      },
      body: form.toString(),
      notes: truncation.notes,
    }
  },
  answers: {
    provider: 'Zulip',
    success: [
      { status: [200], json: { result: 'success' }, field: 'id', receipt: (id) => `sent as message ${id}` },
    ],
    error,
    // https://zulip.com/api/rest-error-handling, https://zulip.com/api/send-message
    rules: [
      {
        codes: ['RATE_LIMIT_HIT', 'REQUEST_TIMEOUT', 'SERVER_NOT_READY'],
        effect: 'retry',
        meaning: 'the wait that Zulip orders',
      },
      {
        codes: [
          'INVALID_API_KEY',
          'UNAUTHORIZED',
          'UNAUTHENTICATED_USER',
          'UNAUTHORIZED_PRINCIPAL',
          'AUTHENTICATION_FAILED',
          'USER_DEACTIVATED',
          'REALM_DEACTIVATED',
          'NONEXISTENT_SUBDOMAIN',
        ],
        effect: 'pause',
        meaning: 'the bot, its key, or the organization',
      },
      { codes: ['STREAM_DOES_NOT_EXIST'], effect: 'pause', meaning: 'the channel' },
      {
        codes: ['BAD_REQUEST'],
        texts: ['not authorized', 'permission', 'topic'],
        effect: 'pause',
        meaning: 'the bot may not send there',
      },
      {
        status: [400],
        codes: ['BAD_REQUEST', 'REQUEST_VARIABLE_MISSING', 'REQUEST_VARIABLE_INVALID'],
        effect: 'dead',
      },
      // The server gives this code to every error without one of its own.
      { status: [403, 404], codes: ['BAD_REQUEST'], effect: 'pause', meaning: 'no access, or no such thing' },
    ],
    unlisted: 'pause',
  },
})

/** The body of a 429 has the delay in seconds with a fraction. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  const [code, reason] = [textAt(body, 'code'), textAt(body, 'msg')]
  if (status < 400 || !reason) return undefined
  const seconds = status === 429 ? Number(textAt(body, 'retry-after')) : 0
  return {
    codes: code ? [code] : [],
    text: `${reason}${code && ` (${code})`}`,
    ...(seconds > 0 && { retryAfterMs: Math.ceil(seconds * 1_000) }),
  }
}

/** Rocket.Chat: a message through an incoming webhook. */
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { fencedText, withoutMarkup } from './parts/fenced-text.ts'
import { postJson } from './parts/json-request.ts'
import { secretUrl, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface RocketChatOptions {
  readonly webhookUrl: string
  readonly channel?: string
  readonly alias?: string
}

/** The usual maximum of a workspace. */
const TEXT_LIMIT = 5_000

export default defineDestination<RocketChatOptions>({
  type: 'rocketchat',
  summary: 'a message in a Rocket.Chat channel',
  rate: {
    documented:
      'Rocket.Chat limits the requests to each webhook as its administrator has set, and answers 429.',
  },
  escapeField: withoutMarkup,
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    required: ['webhookUrl'],
    properties: {
      webhookUrl: secretUrl(
        'ROCKETCHAT_WEBHOOK',
        'URL of an incoming webhook: anyone with this URL can post.',
      ),
      channel: text("A channel other than the webhook's, if the webhook allows it.", '#soc-alerts'),
      alias: text('Name that the message is posted under.', 'Signalbox'),
    },
    additionalProperties: false,
  },
  request(message, { webhookUrl, channel, alias }) {
    if (message.payload !== null) return postJson(webhookUrl, message.payload)
    const truncation = new Truncation()
    const content = fencedText(message, truncation, TEXT_LIMIT)
    const body = { ...(channel && { channel }), ...(alias && { alias }), text: content }
    return postJson(webhookUrl, body, { notes: truncation.notes })
  },
  answers: {
    provider: 'Rocket.Chat',
    success: [{ status: [200], json: { success: true } }],
    error,
    // https://developer.rocket.chat/apidocs/execute-incoming-webhook
    rules: [
      { texts: ['too-many-requests'], effect: 'retry', meaning: 'the rate limit of the workspace' },
      {
        texts: ['error-message-size-exceeded', 'message size'],
        effect: 'dead',
        meaning: 'the workspace allows shorter messages',
      },
      {
        texts: [
          'invalid-channel',
          'invalid-room',
          'overriding destination channel',
          'not-allowed',
          'not allowed',
          'muted',
          'room_is_blocked',
          'invalid integration',
        ],
        effect: 'pause',
        meaning: 'the webhook, its channel, or its user',
      },
      {
        texts: ['error-running-script', 'error-evaluating-script', 'class-script-not-found'],
        effect: 'pause',
        meaning: 'the script of the webhook',
      },
    ],
  },
})

/** The texts have their code in brackets; the wait of the rate limit is a part of the text. */
function error({ body }: HttpResponse): ProviderError | undefined {
  const reason = textAt(body, 'error') || textAt(body, 'message')
  const [, seconds = ''] = /must wait (\d+) seconds/.exec(reason) ?? []
  return reason
    ? { codes: [], text: reason, ...(seconds && { retryAfterMs: Number(seconds) * 1_000 }) }
    : undefined
}

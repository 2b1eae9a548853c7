/** Mattermost: a message with an attachment, through an incoming webhook. */
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { COLOURS } from './parts/colours.ts'
import { answerJson, postJson, textIn } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { secretUrl, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface MattermostOptions {
  readonly webhookUrl: string
  readonly channel?: string
  readonly username?: string
}

const TITLE_LIMIT = 1_024
/** The limit applies to the post and its attachments together. */
const TEXT_LIMIT = 7_000

export default defineDestination<MattermostOptions>({
  type: 'mattermost',
  summary: 'a message in a Mattermost channel',
  rate: { documented: 'Mattermost limits requests as its administrator has set, and answers 429.' },
  escapeField: escapeMarkdown,
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    required: ['webhookUrl'],
    properties: {
      webhookUrl: secretUrl(
        'MATTERMOST_WEBHOOK',
        'URL of an incoming webhook: anyone with this URL can post.',
      ),
      channel: text("A channel other than the webhook's, if the webhook allows it.", 'soc-alerts'),
      username: text('Name that the message is posted under, if the webhook allows it.', 'Signalbox'),
    },
    additionalProperties: false,
  },
  request(message, { webhookUrl, channel, username }) {
    if (message.payload !== null) return postJson(webhookUrl, message.payload)
    const truncation = new Truncation()
    const { severity, link } = message.notification
    const title = message.title || headline(message.notification)
    const attachment = {
      fallback: truncation.text('title', title, TITLE_LIMIT),
      color: COLOURS[severity],
      title: truncation.text('title', escapeMarkdown(title), TITLE_LIMIT),
      ...(link && { title_link: link }),
      text: formatMarkdown(message, truncation, TEXT_LIMIT),
    }
    const body = { ...(channel && { channel }), ...(username && { username }), attachments: [attachment] }
    return postJson(webhookUrl, body, { notes: truncation.notes })
  },
  answers: {
    provider: 'Mattermost',
    success: [{ status: [200], text: 'ok' }],
    error,
    // The codes are those of the server's source. Newer servers put `general` in place of most of them, with their status.
    rules: [
      {
        codes: [
          'web.incoming_webhook.parse*',
          'web.incoming_webhook.text*',
          'web.incoming_webhook.decode*',
          'web.incoming_webhook.split_props_length*',
        ],
        effect: 'dead',
      },
      {
        status: [400, 403, 404, 501],
        codes: [
          'web.incoming_webhook.general*',
          'web.incoming_webhook.channel*',
          'web.incoming_webhook.permissions*',
          'web.incoming_webhook.user*',
          'web.incoming_webhook.disabled*',
          'web.incoming_webhook.invalid*',
        ],
        effect: 'pause',
        meaning: 'the webhook, its channel or its permissions',
      },
    ],
    unlisted: 'pause',
  },
})

function error({ status, body }: HttpResponse): ProviderError | undefined {
  const json = answerJson(body)
  const [id, message] = [textIn(json, 'id'), textIn(json, 'message')]
  return status >= 400 && id ? { codes: [id], text: `${message} (${id})` } : undefined
}

/** Discord: a message with an embed, through a webhook. */
import { RetryableError } from '../errors.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Receipt } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { COLOURS } from './parts/colours.ts'
import { answerJson, postJson, textIn } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { secretUrl, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface DiscordOptions {
  readonly webhookUrl: string
  readonly username?: string
}

const TITLE_LIMIT = 256
const DESCRIPTION_LIMIT = 4_096

export default defineDestination<DiscordOptions>({
  type: 'discord',
  summary: 'a message in a Discord channel',
  escapeField: escapeMarkdown,
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    required: ['webhookUrl'],
    properties: {
      webhookUrl: secretUrl(
        'DISCORD_WEBHOOK',
        "URL of the channel's webhook: anyone with this URL can post.",
      ),
      username: text('Name that the message is posted under.', 'Signalbox', { maxLength: 80 }),
    },
    additionalProperties: false,
  },
  request(message, { webhookUrl, username }) {
    if (message.payload !== null) return postJson(webhookUrl, message.payload)
    const truncation = new Truncation()
    const { severity, link, createdAt } = message.notification
    const title = escapeMarkdown(message.title || headline(message.notification))
    const embed = {
      title: truncation.text('title', title, TITLE_LIMIT),
      description: formatMarkdown(message, truncation, DESCRIPTION_LIMIT),
      ...(link && { url: link }),
      color: Number.parseInt(COLOURS[severity].slice(1), 16),
      timestamp: createdAt,
    }
    // The message mentions no user, even if the alert contains a mention.
    const body = { ...(username && { username }), embeds: [embed], allowed_mentions: { parse: [] } }
    return postJson(webhookUrl, body, { notes: truncation.notes })
  },
  receipt,
})

/** The body of a 429 has the delay in seconds with a fraction. */
function receipt({ status, body }: HttpResponse): Receipt | undefined {
  const seconds = status === 429 ? Number(textIn(answerJson(body), 'retry_after')) : 0
  if (!(seconds > 0)) return undefined
  throw new RetryableError('429: rate limit exceeded', { status, retryAfterMs: Math.ceil(seconds * 1_000) })
}

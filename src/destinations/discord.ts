/** Discord: a message with an embed, through a webhook. */
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
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
  rate: {
    documented: 'Discord accepts 30 messages a minute and 5 in 2 seconds for a webhook.',
    limit: { perMinute: 30, burst: 5 },
  },
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
  answers: {
    provider: 'Discord',
    // With `?wait=true` in the URL the answer is the message.
    success: [
      { status: [204], text: '' },
      { status: [200], field: 'id', receipt: (id) => `posted ${id}` },
    ],
    error,
    // https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
    rules: [
      {
        codes: ['20016', '20028', '40333', '130000'],
        effect: 'retry',
        meaning: 'slow mode, rate, or overload',
      },
      {
        codes: ['50035'],
        texts: ['webhook_id', 'thread_id', 'thread_name'],
        effect: 'pause',
        meaning: 'the URL of the webhook',
      },
      {
        codes: ['40005', '50006', '50035', '50109'],
        effect: 'dead',
        meaning: 'empty, too large, or a form that Discord does not accept',
      },
      {
        codes: ['20009', '200000', '200001', '240000'],
        effect: 'dead',
        meaning: 'blocked because of its content',
      },
      {
        codes: ['220001', '220002', '220003', '220004', '40067'],
        effect: 'pause',
        meaning: 'a forum channel needs a thread: add `?thread_id=ID` to the URL',
      },
      { codes: ['50083', '160005'], effect: 'pause', meaning: 'the thread is archived or locked' },
      {
        codes: ['10003', '10015', '40001', '50001', '50013', '50027'],
        effect: 'pause',
        meaning: 'the channel, the webhook or its permissions',
      },
    ],
    unlisted: 'pause',
  },
})

/** The body of a 429 has the delay in seconds with a fraction. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  const json = answerJson(body)
  const [code, message] = [textIn(json, 'code'), textIn(json, 'message')]
  const seconds = status === 429 ? Number(textIn(json, 'retry_after')) : 0
  if (!message) return undefined
  const fields = json?.errors === undefined ? '' : ` ${JSON.stringify(json.errors)}`
  return {
    codes: ['', '0'].includes(code) ? [] : [code],
    text: `${message}${code && ` (${code})`}${fields}`,
    ...(seconds > 0 && { retryAfterMs: Math.ceil(seconds * 1_000) }),
  }
}

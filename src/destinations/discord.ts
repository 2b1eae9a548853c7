/** Discord: a message with an embed, through a webhook. */
import { textAt } from '../core/json-path.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import {
  type Answer,
  defineDestination,
  type Message,
  type ProviderError,
  type Receipt,
} from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { COLOURS } from './parts/colours.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { secretUrl, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { MESSAGE_EVENTS, titleWithStatus, unknownMessage, updateText } from './parts/updates/update-text.ts'

interface DiscordOptions {
  readonly webhookUrl: string
  readonly username?: string
  readonly template?: { readonly payload?: unknown }
}

const TITLE_LIMIT = 256
const DESCRIPTION_LIMIT = 4_096
const FIELD_LIMIT = 1_024

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
  *exchange(message, { webhookUrl, username }) {
    const url = waitingUrl(webhookUrl)
    if (message.payload !== null) return withReference(yield postJson(url, message.payload))
    const truncation = new Truncation()
    const embed = embedOf(message, message.notification.severity, truncation)
    const body = { ...(username && { username }), ...contentOf(embed) }
    return withReference(yield postJson(url, body, { notes: truncation.notes }))
  },
  updates: {
    events: MESSAGE_EVENTS,
    unavailable: ({ template }) =>
      template?.payload === undefined
        ? undefined
        : 'a message with a payload of your own cannot be edited, so remove template.payload',
    *exchange(update, { webhookUrl }) {
      const id = textAt(update.remoteReference ?? '', 'message')
      if (!id) throw unknownMessage()
      const truncation = new Truncation()
      const value = truncation.text('update', escapeMarkdown(updateText(update)), FIELD_LIMIT)
      const shown = { ...update, title: titleWithStatus(update) }
      const embed = {
        ...embedOf(shown, update.severity, truncation),
        fields: [{ name: 'Latest update', value }],
      }
      const edit = postJson(messageUrl(webhookUrl, id), contentOf(embed), { notes: truncation.notes })
      return (yield {
        ...edit,
        method: 'PATCH',
        success: [{ status: [200], field: 'id', receipt: (edited) => `edited ${edited}` }],
      }).receipt
    },
  },
  answers: {
    provider: 'Discord',
    // The answer is the message. A service that does not know `wait` answers without it.
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

/** Discord then answers after it has saved the message, and names it. */
function waitingUrl(webhookUrl: string): string {
  if (/[?&]wait=/.test(webhookUrl)) return webhookUrl
  return `${webhookUrl}${webhookUrl.includes('?') ? '&' : '?'}wait=true`
}

function messageUrl(webhookUrl: string, id: string): string {
  const url = new URL(webhookUrl)
  url.pathname = joinUrl(url.pathname, `messages/${encodeURIComponent(id)}`)
  url.searchParams.delete('wait')
  return url.href
}

function withReference({ body, receipt }: Answer): Receipt {
  const id = textAt(body, 'id')
  return id ? { ...receipt, remoteReference: JSON.stringify({ message: id }) } : receipt
}

function embedOf(message: Message, severity: Severity, truncation: Truncation): object {
  const { link, createdAt } = message.notification
  const title = escapeMarkdown(message.title || headline(message.notification))
  return {
    title: truncation.text('title', title, TITLE_LIMIT),
    description: formatMarkdown(message, truncation, DESCRIPTION_LIMIT),
    ...(link && { url: link }),
    color: Number.parseInt(COLOURS[severity].slice(1), 16),
    timestamp: createdAt,
  }
}

/** The message mentions no user, even if the alert contains a mention. */
function contentOf(embed: object): object {
  return { embeds: [embed], allowed_mentions: { parse: [] } }
}

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

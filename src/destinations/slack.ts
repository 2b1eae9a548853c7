/** Slack: through an incoming webhook, or as a bot that may put the context into a thread. */

import { parseExact } from '../core/exact-json.ts'
import { textAt } from '../core/json-path.ts'
import { isError, messageOf } from '../errors.ts'
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { type Answer, defineDestination, type Message, type ProviderError } from './_destination.ts'
import { env } from './_options.ts'
import { contextText, labelledParts, type Part } from './parts/alert-text.ts'
import { COLOURS } from './parts/colours.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { SLACK_RULES } from './parts/slack-answers.ts'
import { slackButtons } from './parts/slack-buttons.ts'
import { Truncation } from './parts/truncate.ts'
import { type PostedMessage, reportSlackUpdate } from './parts/updates/slack-update.ts'

interface SlackOptions {
  readonly webhookUrl?: string
  readonly botToken?: string
  readonly channel?: string
  readonly threadTs?: string
  readonly context?: 'message' | 'thread' | 'none'
  readonly apiUrl?: string
}

const TITLE_LIMIT = 1_024
const TEXT_LIMIT = 2_000
/** Slack divides a text of more than 4,000 characters, and the second part would stand outside of the block. */
const CONTEXT_LIMIT = 3_900
const BODY_LIMIT_BYTES = 35_000
const API = 'https://slack.com/api'

export default defineDestination<SlackOptions>({
  type: 'slack',
  summary: 'a message in a Slack channel',
  rate: {
    documented: 'Slack accepts one message a second for a channel or a webhook, and tolerates short bursts.',
    limit: { perMinute: 60, burst: 1 },
  },
  escapeField: escaped,
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    oneOf: [{ required: ['webhookUrl'] }, { required: ['botToken'] }],
    dependencies: { botToken: ['channel'], channel: ['botToken'], threadTs: ['botToken'] },
    properties: {
      webhookUrl: {
        type: 'string',
        pattern: '^https?://',
        secret: true,
        examples: [env('SOC_SLACK_WEBHOOK')],
        description: 'URL of an incoming webhook: anyone with this URL can post.',
      },
      botToken: {
        type: 'string',
        minLength: 1,
        secret: true,
        examples: [env('SLACK_BOT_TOKEN')],
        description: 'Token of a bot (`xoxb-...`) with the scope `chat:write`, in place of a webhook.',
      },
      channel: {
        type: 'string',
        minLength: 1,
        examples: ['C0123456789'],
        description: 'Channel that the bot posts to, by id; the bot must be a member.',
      },
      threadTs: {
        type: 'string',
        pattern: '^\\d+\\.\\d+$',
        examples: ['1767225600.000100'],
        description: 'Posts into the thread of this message.',
      },
      context: {
        enum: ['message', 'thread', 'none'],
        default: 'message',
        description:
          'Where the alert context goes: into the message, for a bot into a reply to it (`thread`), or nowhere. A webhook has no replies.',
      },
      apiUrl: {
        type: 'string',
        pattern: '^https?://',
        default: 'https://slack.com/api',
        description: "Base URL of Slack's Web API.",
      },
    },
    additionalProperties: false,
  },
  *exchange(message, options) {
    const { webhookUrl, botToken = '', channel, threadTs, context = 'message' } = options
    if (webhookUrl !== undefined && message.payload !== null) {
      return (yield postJson(webhookUrl, message.payload)).receipt
    }
    const inThread = context === 'thread' && webhookUrl === undefined
    const truncation = new Truncation()
    if (context === 'thread' && !inThread)
      truncation.note('context is in the message, because a webhook cannot answer in a thread')
    const shown = context === 'none' || inThread ? '' : contextBlock(message, truncation)
    const body = truncation.fullest(BODY_LIMIT_BYTES, () => textOf(shown), {
      without: 'the context',
      build: () => textOf(''),
    })
    function textOf(withContext: string): string {
      if (message.payload !== null) return botPayload(message.payload)
      const attachment = attachmentOf(message, withContext, truncation)
      if (webhookUrl !== undefined) return JSON.stringify({ attachments: [attachment] })
      const metadata = metadataOf(message)
      const attachments = [attachment, ...slackButtons(message, 'open')]
      return JSON.stringify({ channel, thread_ts: threadTs, attachments, metadata })
    }
    /** Where the message goes is for the options alone to say. */
    function botPayload(payload: string): string {
      const own = parseExact(payload) as object
      const metadata = metadataOf(message)
      return JSON.stringify({ metadata, ...own, channel, thread_ts: threadTs })
    }
    if (webhookUrl !== undefined)
      return (yield postJson(webhookUrl, body, { notes: truncation.notes })).receipt

    const url = joinUrl(options.apiUrl ?? API, 'chat.postMessage')
    const headers = { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${botToken}` }
    const posted = withReference(yield postJson(url, body, { headers, notes: truncation.notes }))
    const more = new Truncation()
    const text = inThread ? contextBlock(message, more) : ''
    if (!text) return posted.receipt
    try {
      const thread = threadTs ?? textAt(posted.body, 'ts')
      yield postJson(url, { channel, thread_ts: thread, text }, { headers, notes: more.notes })
      return { ...posted.receipt, message: `${posted.receipt.message}, context in its thread` }
    } catch (error) {
      // The alert was posted; posting it again would be worse than a missing context.
      if (!isError(error, 'retryable') && !isError(error, 'permanent')) throw error
      return {
        ...posted.receipt,
        message: `${posted.receipt.message}; its context is missing: ${messageOf(error)}`,
      }
    }
  },
  updates: {
    events: UPDATE_EVENTS,
    unavailable: ({ webhookUrl }) =>
      webhookUrl === undefined
        ? undefined
        : 'an incoming webhook can neither answer in a thread nor edit a message, so use botToken and channel',
    exchange: (update, options) =>
      reportSlackUpdate(update, {
        ...options,
        escaped,
        metadata: metadataOf,
        attachment: (shown, withContext, truncation) => {
          const isInMessage = withContext && (options.context ?? 'message') === 'message'
          const context = isInMessage ? contextBlock(shown, truncation) : ''
          return attachmentOf(shown, context, truncation, shown.severity)
        },
      }),
  },
  answers: {
    provider: 'Slack',
    // A 200 alone is not a success: a webhook returns `ok`, the Web API `"ok":true`.
    success: [
      { status: [200], text: 'ok' },
      {
        status: [200],
        json: { ok: true },
        field: 'ts',
        receipt: (ts, body) => `posted ${ts} in ${textAt(body, 'channel')}`,
      },
      { status: [200], json: { ok: true } },
    ],
    error,
    rules: SLACK_RULES,
    unlisted: 'pause',
  },
})

function withReference(answer: Answer): Answer {
  const place: PostedMessage = { channel: textAt(answer.body, 'channel'), ts: textAt(answer.body, 'ts') }
  if (!place.channel || !place.ts) return answer
  return { ...answer, receipt: { ...answer.receipt, remoteReference: JSON.stringify(place) } }
}

/** The metadata shows which delivery a message belongs to. */
function metadataOf({ idempotencyKey, notification: { alertId } }: Message): object {
  return {
    event_type: 'signalbox_alert',
    event_payload: { alert_id: alertId, idempotency_key: idempotencyKey },
  }
}

function attachmentOf(
  message: Message,
  context: string,
  truncation: Truncation,
  severity: Severity = message.notification.severity,
): object {
  const { link } = message.notification
  const title = truncation.text('title', message.title, TITLE_LIMIT)
  const facts = message.body === null ? labelledParts(message).filter(({ label }) => label !== 'Link') : []
  return {
    fallback: escaped(title),
    color: COLOURS[severity],
    title: escaped(title),
    ...(message.body !== null && { text: truncation.text('text', message.body, TEXT_LIMIT) }),
    fields: [
      ...(link ? [{ value: `<${escaped(link).replaceAll('|', '%7C')}|Open the alert>`, short: false }] : []),
      ...facts.map((part) => field(part, truncation)),
      ...(context ? [{ title: 'Context', value: context, short: false }] : []),
    ],
    mrkdwn_in: ['text', 'fields'],
  }
}

function field({ label, text }: Part, truncation: Truncation): object {
  const value = truncation.text(label.toLowerCase(), escaped(text), TEXT_LIMIT)
  return { title: label, value, short: label === 'Severity' || label === 'Detection' }
}

function contextBlock(message: Message, truncation: Truncation): string {
  const text = escaped(contextText(message)).replaceAll('```', "'''")
  return text && `\`\`\`${truncation.text('context', text, CONTEXT_LIMIT)}\`\`\``
}

/** Escapes the three characters that Slack uses for links and mentions. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** The Web API returns the error in JSON, a webhook as one word. */
function error({ body }: HttpResponse): ProviderError | undefined {
  const code = textAt(body, 'error') || (/^[a-z]+(?:_[a-z]+)+$/.exec(body.trim())?.[0] ?? '')
  return code ? { codes: [code], text: code } : undefined
}

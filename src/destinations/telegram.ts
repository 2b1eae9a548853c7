/** Telegram: a message of a bot to a chat. */
import { PermanentError, RetryableError } from '../errors.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Receipt } from './_destination.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface TelegramOptions {
  readonly botToken: string
  readonly chatId: string
  readonly threadId?: number
  readonly apiUrl?: string
}

/** The limit applies to the visible text without markup. */
const TEXT_LIMIT = 4_096
const TITLE_LIMIT = 512
const API = 'https://api.telegram.org'

export default defineDestination<TelegramOptions>({
  type: 'telegram',
  summary: 'a message in a Telegram chat',
  options: {
    type: 'object',
    required: ['botToken', 'chatId'],
    properties: {
      botToken: secretText('TELEGRAM_BOT_TOKEN', 'Token of the bot, as BotFather gives it.'),
      chatId: text('The chat, by its id or as `@channelname`; the bot must be in it.', '-1001234567890'),
      threadId: {
        type: 'integer',
        minimum: 1,
        examples: [42],
        description: 'The topic of a forum to post into.',
      },
      apiUrl: apiUrl(API, 'Base URL of the Bot API.'),
    },
    additionalProperties: false,
  },
  request(message, { botToken, chatId, threadId, apiUrl: base = API }) {
    const truncation = new Truncation()
    const body = {
      chat_id: chatId,
      ...(threadId !== undefined && { message_thread_id: threadId }),
      text: messageText(message, truncation),
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
    }
    return postJson(joinUrl(base, `bot${botToken}/sendMessage`), body, { notes: truncation.notes })
  },
  receipt,
})

/** Truncates before escaping, because Telegram counts visible text and rejects incomplete markup. */
function messageText(message: Message, truncation: Truncation): string {
  const title = truncation.text('title', message.title || headline(message.notification), TITLE_LIMIT)
  const plain = labelledParts(message)
    .map(({ label, text: part }) => `${label}: ${part}`)
    .join('\n')
  const available = TEXT_LIMIT - title.length - 2
  const content = truncation.text('text', message.body ?? plain, available)
  const context = message.body === null ? contextText(message) : ''
  const left = available - content.length - 2
  const shown = context && left >= 100 ? truncation.text('context', context, left) : ''
  if (context && !shown) truncation.note('left out the context')
  const blocks = [
    `<b>${escaped(title)}</b>`,
    escaped(content),
    ...(shown ? [`<pre>${escaped(shown)}</pre>`] : []),
  ]
  return blocks.join('\n\n')
}

function escaped(part: string): string {
  return part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

interface TelegramAnswer {
  readonly ok?: boolean
  readonly parameters?: { readonly retry_after?: number }
  readonly result?: Readonly<Record<string, unknown>>
}

function receipt({ status, body }: HttpResponse): Receipt | undefined {
  const json = answerJson(body)
  const { ok, parameters, result } = (json ?? {}) as TelegramAnswer
  const description = textIn(json, 'description')
  const seconds = parameters?.retry_after ?? 0
  if (status === 429 && seconds > 0)
    throw new RetryableError(`429: ${description}`, { status, retryAfterMs: seconds * 1_000 })
  if (
    status === 400 &&
    /chat not found|chat_id is empty|thread not found|group chat was upgraded/i.test(description)
  )
    throw new PermanentError(`400: ${description}`, { status, scope: 'destination' })
  if (status < 200 || status > 299) return undefined
  if (ok !== true) throw new RetryableError(`${status}, but not a response of Telegram`, { status })
  return { status, message: `${status}: sent as message ${textIn(result, 'message_id')}` }
}

/** Telegram: a message of a bot to a chat. */
import { textAt } from '../core/json-path.ts'
import { isError, messageOf } from '../errors.ts'
import type { HttpResponse } from '../model/ports.ts'
import {
  type Answer,
  defineDestination,
  type Message,
  type ProviderError,
  type Receipt,
} from './_destination.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { referencedId, referenceTo } from './parts/updates/create-referenced.ts'
import { MESSAGE_EVENTS, titleWithStatus, unknownMessage, updateText } from './parts/updates/update-text.ts'

interface TelegramOptions {
  readonly botToken: string
  readonly chatId: string
  readonly threadId?: number
  readonly apiUrl?: string
}

/** The limit applies to the visible text without markup. */
const TEXT_LIMIT = 4_096
const TITLE_LIMIT = 512
const UPDATE_LIMIT = 1_024
const API = 'https://api.telegram.org'

export default defineDestination<TelegramOptions>({
  type: 'telegram',
  summary: 'a message in a Telegram chat',
  rate: {
    documented:
      'Telegram accepts 20 messages a minute in a group, and one a second in a chat with short bursts.',
    limit: { perMinute: 20, burst: 3 },
  },
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
  *exchange(message, { botToken, chatId, threadId, apiUrl: base = API }) {
    const truncation = new Truncation()
    const body = {
      chat_id: chatId,
      ...(threadId !== undefined && { message_thread_id: threadId }),
      ...contentOf(messageText(message, truncation)),
    }
    const url = joinUrl(base, `bot${botToken}/sendMessage`)
    return withReference(yield postJson(url, body, { notes: truncation.notes }), chatId)
  },
  updates: {
    events: MESSAGE_EVENTS,
    *exchange(update, { botToken, chatId, apiUrl: base = API }) {
      const message = referencedId(update.remoteReference, placeOf(chatId))
      if (!message) throw unknownMessage()
      const truncation = new Truncation()
      const shown = { ...update, title: titleWithStatus(update) }
      const text = messageText(shown, truncation, updateText(update))
      const body = { chat_id: chatId, message_id: Number(message), ...contentOf(text) }
      const url = joinUrl(base, `bot${botToken}/editMessageText`)
      try {
        return (yield {
          ...postJson(url, body, { notes: truncation.notes }),
          success: [
            {
              status: [200],
              json: { ok: true },
              field: 'result.message_id',
              receipt: (id) => `edited message ${id}`,
            },
          ],
        }).receipt
      } catch (error) {
        if (!isError(error, 'permanent') || !/message is not modified/i.test(messageOf(error))) throw error
        return { status: 400, message: `an earlier attempt edited message ${message}` }
      }
    },
  },
  answers: {
    provider: 'Telegram',
    success: [
      {
        status: [200],
        json: { ok: true },
        field: 'result.message_id',
        receipt: (id) => `sent as message ${id}`,
      },
    ],
    error,
    rules: [
      {
        status: [400],
        texts: [
          'chat not found',
          'chat_id is empty',
          'PEER_ID_INVALID',
          'group chat was upgraded',
          'chat was deactivated',
          'group is deactivated',
          'CHANNEL_PRIVATE',
        ],
        effect: 'pause',
        meaning: 'the chat',
      },
      {
        status: [400],
        texts: ['thread not found', 'TOPIC_CLOSED', 'TOPIC_DELETED', 'TOPIC_ID_INVALID', 'not a forum'],
        effect: 'pause',
        meaning: 'the topic of `threadId`',
      },
      {
        status: [400],
        texts: [
          'not enough rights',
          'have no rights',
          'need administrator rights',
          'CHAT_ADMIN_REQUIRED',
          'CHAT_WRITE_FORBIDDEN',
          'CHAT_RESTRICTED',
          'CHAT_SEND_',
          'CHAT_GUEST_SEND_FORBIDDEN',
          'USER_BANNED_IN_CHANNEL',
        ],
        effect: 'pause',
        meaning: 'the bot may not write there',
      },
      {
        status: [400],
        texts: [
          "can't parse entities",
          'message is too long',
          'MESSAGE_TOO_LONG',
          'message text is empty',
          'must be encoded in UTF-8',
          'invalid Unicode characters',
          'ENTITY_',
          'ENTITIES_',
        ],
        effect: 'dead',
      },
    ],
  },
})

function withReference({ body, receipt }: Answer, chatId: string): Receipt {
  const message = textAt(body, 'result.message_id')
  if (!message) return receipt
  return { ...receipt, remoteReference: referenceTo(message, placeOf(chatId)) }
}

function placeOf(chatId: string) {
  return { field: 'message', at: chatId }
}

function contentOf(text: string): object {
  return { text, parse_mode: 'HTML', link_preview_options: { is_disabled: true } }
}

/** Truncates before escaping, because Telegram counts visible text and rejects incomplete markup. */
function messageText(message: Message, truncation: Truncation, latest = ''): string {
  const title = truncation.text('title', message.title || headline(message.notification), TITLE_LIMIT)
  const plain = labelledParts(message)
    .map(({ label, text: part }) => `${label}: ${part}`)
    .join('\n')
  const update = truncation.text('update', latest, UPDATE_LIMIT)
  const available = TEXT_LIMIT - title.length - 2 - (update ? update.length + 2 : 0)
  const content = truncation.text('text', message.body ?? plain, available)
  const context = message.body === null ? contextText(message) : ''
  const left = available - content.length - 2
  const shown = context && left >= 100 ? truncation.text('context', context, left) : ''
  if (context && !shown) truncation.note('left out the context')
  const blocks = [
    `<b>${escaped(title)}</b>`,
    ...(update ? [`<i>${escaped(update)}</i>`] : []),
    escaped(content),
    ...(shown ? [`<pre>${escaped(shown)}</pre>`] : []),
  ]
  return blocks.join('\n\n')
}

function escaped(part: string): string {
  return part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function error({ body }: HttpResponse): ProviderError | undefined {
  const text = textAt(body, 'description')
  const seconds = Number(textAt(body, 'parameters.retry_after'))
  return text ? { codes: [], text, ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }) } : undefined
}

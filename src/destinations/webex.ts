/** Webex: a message of a bot to a space or a person. */
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type ProviderError } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface WebexOptions {
  readonly botToken: string
  readonly roomId?: string
  readonly toPersonEmail?: string
  readonly apiUrl?: string
}

const MESSAGE_LIMIT_BYTES = 7_439
const TITLE_LIMIT = 500
const API = 'https://webexapis.com/v1'

export default defineDestination<WebexOptions>({
  type: 'webex',
  summary: 'a message in a Webex space',
  rate: { documented: 'Webex publishes no rate, and answers 429 with the wait.' },
  escapeField: escapeMarkdown,
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    required: ['botToken'],
    oneOf: [{ required: ['roomId'] }, { required: ['toPersonEmail'] }],
    properties: {
      botToken: secretText('WEBEX_BOT_TOKEN', 'Access token of the bot.'),
      roomId: text('Id of the space; the bot must be in it.', 'Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIx'),
      toPersonEmail: text('A person instead of a space.', 'soc@example.com', { pattern: '^\\S+@\\S+$' }),
      apiUrl: apiUrl(API, 'Base URL of the API.'),
    },
    additionalProperties: false,
  },
  request(message, { botToken, roomId, toPersonEmail, apiUrl: base = API }) {
    const truncation = new Truncation()
    const url = joinUrl(base, 'messages')
    const headers = { authorization: `Bearer ${botToken}` }
    if (message.payload !== null) return postJson(url, message.payload, { headers })
    const title = truncation.text('title', message.title || headline(message.notification), TITLE_LIMIT)
    const body = {
      ...(roomId && { roomId }),
      ...(toPersonEmail && { toPersonEmail }),
      text: title,
      markdown: markdown(message, title, truncation),
    }
    return postJson(url, body, { headers, notes: truncation.notes })
  },
  answers: {
    provider: 'Webex',
    success: [{ status: [200], field: 'id', receipt: (id) => `sent as message ${id}` }],
    error,
    // https://developer.webex.com/docs/api/v1/messages/create-a-message
    rules: [
      {
        status: [400],
        texts: ['roomId', 'toPersonEmail', 'person', 'room'],
        effect: 'pause',
        meaning: 'the space or the person',
      },
      { status: [400, 413], effect: 'dead' },
      { status: [401, 403], effect: 'pause', meaning: 'the token of the bot, or its right to write there' },
      { status: [404], effect: 'pause', meaning: 'the space, or the bot is not in it' },
    ],
  },
})

function markdown(message: Message, title: string, truncation: Truncation): string {
  const heading = `**${escapeMarkdown(title)}**\n\n`
  const content = formatMarkdown(message, truncation, MESSAGE_LIMIT_BYTES - Buffer.byteLength(heading))
  return truncation.bytes('text', heading + content, MESSAGE_LIMIT_BYTES)
}

function error({ status, body }: HttpResponse): ProviderError | undefined {
  const json = answerJson(body)
  const [message, tracking] = [textIn(json, 'message'), textIn(json, 'trackingId')]
  return status >= 400 && message
    ? { codes: [], text: tracking ? `${message} (tracking id ${tracking})` : message }
    : undefined
}

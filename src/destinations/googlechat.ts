/** Google Chat: a card in a space, through its webhook. */
import { defineDestination, type Message } from './_destination.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { GOOGLE_RULES, googleError } from './parts/google-answers.ts'
import { postJson } from './parts/json-request.ts'
import { secretUrl } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface GoogleChatOptions {
  readonly webhookUrl: string
}

const TITLE_LIMIT = 200
const TEXT_LIMIT = 2_000
const CONTEXT_LIMIT = 6_000
const BODY_LIMIT_BYTES = 32_000

export default defineDestination<GoogleChatOptions>({
  type: 'googlechat',
  summary: 'a card in a Google Chat space',
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    required: ['webhookUrl'],
    properties: {
      webhookUrl: secretUrl(
        'GOOGLE_CHAT_WEBHOOK',
        "URL of the space's webhook: anyone with this URL can post.",
      ),
    },
    additionalProperties: false,
  },
  request(message, { webhookUrl }) {
    if (message.payload !== null) return postJson(webhookUrl, message.payload)
    const truncation = new Truncation()
    const body = truncation.fullest(BODY_LIMIT_BYTES, () => cardText(message, true, truncation), {
      without: 'the context',
      build: () => cardText(message, false, truncation),
    })
    return postJson(webhookUrl, body, { notes: truncation.notes })
  },
  answers: {
    provider: 'Google Chat',
    success: [{ status: [200], field: 'name', receipt: (name) => `posted ${name}` }],
    error: googleError,
    rules: GOOGLE_RULES,
    unlisted: 'pause',
  },
})

function cardText(message: Message, withContext: boolean, truncation: Truncation): string {
  const { severity, link, alertId } = message.notification
  const title = truncation.text('title', message.title || headline(message.notification), TITLE_LIMIT)
  const facts = message.body === null ? labelledParts(message).filter(({ label }) => label !== 'Link') : []
  const context = withContext && message.body === null ? contextText(message) : ''
  const widgets = [
    ...(message.body === null ? [] : [paragraph(truncation.text('text', escaped(message.body), TEXT_LIMIT))]),
    ...facts.map(({ label, text }) => ({
      decoratedText: {
        topLabel: label,
        text: truncation.text(label.toLowerCase(), escaped(text), TEXT_LIMIT),
        wrapText: true,
      },
    })),
    ...(context ? [paragraph(truncation.text('context', escaped(context), CONTEXT_LIMIT))] : []),
    ...(link
      ? [{ buttonList: { buttons: [{ text: 'Open the alert', onClick: { openLink: { url: link } } }] } }]
      : []),
  ]
  const card = { header: { title, subtitle: severity }, sections: [{ widgets }] }
  return JSON.stringify({ text: escaped(title), cardsV2: [{ cardId: alertId, card }] })
}

function paragraph(text: string): object {
  return { textParagraph: { text } }
}

/** Escapes HTML, because cards accept some tags and `<users/all>` in a text notifies all users. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

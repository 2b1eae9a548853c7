/** Google Chat: a card in a space, through its webhook. */
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import { defineDestination, type Message } from './_destination.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { GOOGLE_RULES, googleError } from './parts/google-answers.ts'
import { postJson } from './parts/json-request.ts'
import { secretUrl } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { updateText } from './parts/updates/update-text.ts'

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
  rate: {
    documented: 'Google Chat accepts one message a second in a space, from all its webhooks together.',
    limit: { perMinute: 60, burst: 1 },
  },
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
    const url = messageUrl(webhookUrl, message)
    if (message.payload !== null) return postJson(url, message.payload)
    const truncation = new Truncation()
    const body = truncation.fullest(BODY_LIMIT_BYTES, () => cardText(message, true, truncation), {
      without: 'the context',
      build: () => cardText(message, false, truncation),
    })
    return postJson(url, body, { notes: truncation.notes })
  },
  updates: {
    events: UPDATE_EVENTS,
    *exchange(update, { webhookUrl }) {
      const truncation = new Truncation()
      const text = truncation.text('text', withoutMentions(updateText(update)), TEXT_LIMIT)
      return (yield postJson(messageUrl(webhookUrl, update), { text }, { notes: truncation.notes })).receipt
    },
  },
  answers: {
    provider: 'Google Chat',
    success: [{ status: [200], field: 'name', receipt: (name) => `posted ${name}` }],
    error: googleError,
    rules: GOOGLE_RULES,
    unlisted: 'pause',
  },
})

/** With the id of an earlier request Google Chat returns the message of that request; the key keeps an alert in one thread. */
function messageUrl(webhookUrl: string, { idempotencyKey, notification: { alertId } }: Message): string {
  const query = new URLSearchParams({
    requestId: idempotencyKey,
    threadKey: alertId,
    messageReplyOption: 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD',
  })
  // A reference in a preview stands for a URL with a query.
  const joint = /[?$]/.test(webhookUrl) ? '&' : '?'
  return `${webhookUrl}${joint}${query.toString()}`
}

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
  return JSON.stringify({ text: withoutMentions(title), cardsV2: [{ cardId: alertId, card }] })
}

function paragraph(text: string): object {
  return { textParagraph: { text } }
}

/** The text beside the card is no HTML: an entity would be shown as it is. `<users/all>` notifies all users. */
function withoutMentions(text: string): string {
  return text.replaceAll('<', '<\u200b')
}

/** Escapes HTML, because cards accept some tags. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

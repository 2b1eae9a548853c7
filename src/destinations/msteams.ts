/** Microsoft Teams: an Adaptive Card through a workflow, or the older MessageCard. */
import type { Severity } from '../model/alerts/severity.ts'
import { defineDestination, type Message } from './_destination.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { COLOURS } from './parts/colours.ts'
import { postJson } from './parts/json-request.ts'
import { secretUrl } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface TeamsOptions {
  readonly webhookUrl: string
  readonly card?: 'adaptive' | 'message'
}

const TITLE_LIMIT = 1_000
const TEXT_LIMIT = 1_000
const BODY_LIMIT_BYTES = 28_000

const CARD_COLOURS: Record<Severity, string> = {
  INFO: 'default',
  LOW: 'good',
  MEDIUM: 'warning',
  HIGH: 'attention',
  CRITICAL: 'attention',
}
export default defineDestination<TeamsOptions>({
  type: 'msteams',
  summary: 'a card in a Microsoft Teams channel',
  escapeField: escaped,
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    required: ['webhookUrl'],
    properties: {
      webhookUrl: secretUrl(
        'TEAMS_WORKFLOW_URL',
        'URL of a workflow that starts when a Teams webhook request is received: anyone with this URL can post.',
      ),
      card: {
        enum: ['adaptive', 'message'],
        default: 'adaptive',
        description:
          '`message` is the form of the retired Office connectors, for receivers that still accept it.',
      },
    },
    additionalProperties: false,
  },
  request(message, { webhookUrl, card = 'adaptive' }) {
    if (message.payload !== null) return postJson(webhookUrl, message.payload)
    const truncation = new Truncation()
    const build = card === 'adaptive' ? adaptiveCard : messageCard
    const body = truncation.fullest(
      BODY_LIMIT_BYTES,
      () => JSON.stringify(build(message, true, truncation)),
      {
        without: 'the context',
        build: () => JSON.stringify(build(message, false, truncation)),
      },
    )
    return postJson(webhookUrl, body, { notes: truncation.notes })
  },
})

interface Fact {
  readonly label: string
  readonly text: string
}

function facts(message: Message, withContext: boolean, truncation: Truncation): Fact[] {
  const context = withContext ? contextText(message) : ''
  const labelled = message.body === null ? labelledParts(message).filter(({ label }) => label !== 'Link') : []
  const all = [
    ...labelled,
    ...(context && message.body === null ? [{ label: 'Context', text: context }] : []),
  ]
  return all.map(({ label, text }) => ({
    label,
    text: truncation.text(label.toLowerCase(), escaped(text), TEXT_LIMIT),
  }))
}

function titleOf(message: Message, truncation: Truncation): string {
  return truncation.text('title', escaped(message.title || headline(message.notification)), TITLE_LIMIT)
}

function adaptiveCard(message: Message, withContext: boolean, truncation: Truncation): object {
  const { severity, link } = message.notification
  const block = { type: 'TextBlock', wrap: true }
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      {
        ...block,
        text: titleOf(message, truncation),
        weight: 'bolder',
        size: 'medium',
        color: CARD_COLOURS[severity],
      },
      ...(message.body === null
        ? []
        : [{ ...block, text: truncation.text('text', message.body, TEXT_LIMIT) }]),
      {
        type: 'FactSet',
        facts: facts(message, withContext, truncation).map(({ label, text }) => ({
          title: label,
          value: text,
        })),
      },
    ],
    ...(link && { actions: [{ type: 'Action.OpenUrl', title: 'Open the alert', url: link }] }),
    msteams: { width: 'Full' },
  }
  const contentType = 'application/vnd.microsoft.card.adaptive'
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] }
}

function messageCard(message: Message, withContext: boolean, truncation: Truncation): object {
  const { severity, link } = message.notification
  const title = titleOf(message, truncation)
  return {
    '@context': 'https://schema.org/extensions',
    '@type': 'MessageCard',
    themeColor: COLOURS[severity].slice(1),
    summary: title,
    title,
    ...(message.body !== null && { text: truncation.text('text', message.body, TEXT_LIMIT) }),
    sections: [
      {
        facts: facts(message, withContext, truncation).map(({ label, text }) => ({
          name: label,
          value: text,
        })),
      },
    ],
    ...(link && {
      potentialAction: [
        { '@type': 'OpenUri', name: 'Open the alert', targets: [{ os: 'default', uri: link }] },
      ],
    }),
  }
}

/** Escapes Markdown, because both cards accept links and emphasis. A bare URL becomes a link automatically and must stay complete. */
function escaped(text: string): string {
  if (/^https?:\/\/\S+$/.test(text)) return text.replace(/[\\*[\]`]/g, encodeURIComponent)
  return text.replace(/[\\*_[\]`~#]/g, '\\$&')
}

/** Microsoft Teams: an Adaptive Card through a workflow, or the older MessageCard. */
import { textAt } from '../core/json-path.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type ProviderError } from './_destination.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { COLOURS } from './parts/colours.ts'
import { postJson } from './parts/json-request.ts'
import { secretUrl } from './parts/option-forms.ts'
import { EXPECT_SCHEMA, type Expectation, expectedSuccess } from './parts/options/expect.ts'
import { Truncation } from './parts/truncate.ts'

interface TeamsOptions {
  readonly webhookUrl: string
  readonly card?: 'adaptive' | 'message'
  readonly expect?: Expectation
}

const TITLE_LIMIT = 1_000
const TEXT_LIMIT = 1_000
/** A workflow adds to a request and escapes it again: 24,453 bytes have become 28,897, above its limit of 28,672. */
const BODY_LIMIT_BYTES = 20_000

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
  rate: {
    documented: 'Microsoft Teams accepts four requests a second.',
    limit: { perMinute: 240, burst: 4 },
  },
  escapeField: escaped,
  templates: ['title', 'body', 'payload'],
  options: {
    type: 'object',
    required: ['webhookUrl'],
    // A connector has one answer of success.
    dependencies: {
      expect: {
        properties: { card: { const: 'adaptive', description: 'The card of a workflow.' } },
      },
    },
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
      expect: EXPECT_SCHEMA,
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
  answers: {
    provider: 'Microsoft Teams',
    // A connector answers `1`. A workflow answers 202 before it posts, or what its author lets it answer.
    success: (options) =>
      options.card === 'message' ? [{ status: [200], text: '1' }] : expectedSuccess(options),
    error,
    rules: [
      {
        codes: [
          'HTTP 408',
          'HTTP 412',
          'HTTP 429',
          'HTTP 5*',
          'WorkflowRunActionsThrottled',
          'TooManyRequests',
          'ServiceUnavailable',
        ],
        effect: 'retry',
      },
      {
        codes: [
          'HTTP 400',
          'HTTP 413',
          'InvalidRequestContent',
          'TriggerInputSchemaMismatch',
          'RequestEntityTooLarge',
        ],
        effect: 'dead',
      },
      { status: [400], texts: ['Summary or Text is required', 'Bad payload received'], effect: 'dead' },
      {
        codes: ['WorkflowTriggerIsNotEnabled', 'WorkflowDisabled'],
        effect: 'pause',
        meaning: 'the flow is turned off',
      },
      {
        codes: [
          'DirectApi*',
          'Unauthorized',
          'AuthorizationFailed',
          'WorkflowNotFound',
          'WorkflowTriggerNotFound',
        ],
        effect: 'pause',
        meaning: 'the URL of the workflow',
      },
    ],
    unlisted: 'pause',
  },
})

/** A connector reports the failure of its post as a text in a 200, a workflow as a code in JSON. */
function error({ body }: HttpResponse): ProviderError | undefined {
  const delivery = /^Webhook message delivery failed with error: .*?HTTP error (\d+)/s.exec(body)
  if (delivery) return { codes: [`HTTP ${delivery[1]}`], text: body.slice(0, 300) }
  const code = textAt(body, 'error.code')
  if (code) return { codes: [code], text: `${code}: ${textAt(body, 'error.message')}` }
  return /^(?:Summary or Text is required|Bad payload received)/.test(body)
    ? { codes: [], text: body }
    : undefined
}

interface Fact {
  readonly label: string
  readonly text: string
}

function facts(message: Message, truncation: Truncation): Fact[] {
  const labelled = message.body === null ? labelledParts(message).filter(({ label }) => label !== 'Link') : []
  const all = [...labelled]
  return all.map(({ label, text }) => ({
    label,
    text: truncation.text(label.toLowerCase(), escaped(text), TEXT_LIMIT),
  }))
}

/** Both cards join lines that no empty line separates, and drop indentation. */
function contextLines(message: Message, truncation: Truncation): string {
  const context = message.body === null ? contextText(message) : ''
  const lines = context.split('\n').map((line) => escaped(line).replace(/^ +/, noBreakSpaces))
  return truncation.text('context', lines.join('\n\n'), TEXT_LIMIT)
}

function noBreakSpaces(indentation: string): string {
  return '\u00a0'.repeat(indentation.length)
}

function titleOf(message: Message, truncation: Truncation): string {
  return truncation.text('title', escaped(message.title || headline(message.notification)), TITLE_LIMIT)
}

function adaptiveCard(message: Message, withContext: boolean, truncation: Truncation): object {
  const { severity, link } = message.notification
  const block = { type: 'TextBlock', wrap: true }
  const context = withContext ? contextLines(message, truncation) : ''
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
        facts: facts(message, truncation).map(({ label, text }) => ({
          title: label,
          value: text,
        })),
      },
      ...(context ? [{ ...block, text: context, fontType: 'monospace' }] : []),
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
  const context = withContext ? contextLines(message, truncation) : ''
  return {
    '@context': 'https://schema.org/extensions',
    '@type': 'MessageCard',
    themeColor: COLOURS[severity].slice(1),
    summary: title,
    title,
    ...(message.body !== null && { text: truncation.text('text', message.body, TEXT_LIMIT) }),
    sections: [
      {
        facts: [
          ...facts(message, truncation).map(({ label, text }) => ({ name: label, value: text })),
          ...(context ? [{ name: 'Context', value: context }] : []),
        ],
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
  return text
    .replace(/[\\*_[\]`~#]/g, '\\$&')
    .replace(/^([ \t]*)([-+])/gm, '$1\\$2')
    .replace(/^([ \t]*\d{1,9})([.)])/gm, '$1\\$2')
}

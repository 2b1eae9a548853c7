/** Datadog: an event in the Events Explorer. */
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Outgoing, type ProviderError } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { titleWithStatus, updateText } from './parts/updates/update-text.ts'

interface DatadogOptions {
  readonly apiKey: string
  readonly apiUrl?: string
  readonly host?: string
  readonly tags?: readonly string[]
}

const TITLE_LIMIT = 100
const TEXT_LIMIT = 4_000
const KEY_LIMIT = 100
const TAG_LIMIT = 200
/** Datadog refuses the time of an older event. */
const MAX_EVENT_AGE_MS = 18 * 60 * 60_000
const API = 'https://api.datadoghq.com'
const ZERO_WIDTH_SPACE = '\u200b'

const ALERT_TYPES: Record<Severity, string> = {
  INFO: 'info',
  LOW: 'info',
  MEDIUM: 'warning',
  HIGH: 'error',
  CRITICAL: 'error',
}

export default defineDestination<DatadogOptions>({
  type: 'datadog',
  summary: 'an event in Datadog',
  rate: { documented: 'Datadog accepts 250,000 events a minute for each organization.' },
  escapeField: (field) => withoutMentions(escapeMarkdown(field)),
  options: {
    type: 'object',
    required: ['apiKey'],
    properties: {
      apiKey: secretText('DD_API_KEY', 'An API key of the organization; no application key is needed.'),
      apiUrl: apiUrl(API, 'Base URL of the API; each site of Datadog has its own.', [
        'https://api.datadoghq.eu',
      ]),
      host: text('Host to associate with the event, and thereby its tags.', 'soc-1'),
      tags: {
        type: 'array',
        items: text('A tag.'),
        examples: [['team:soc']],
        description: "Tags to add to the detection's.",
      },
    },
    additionalProperties: false,
  },
  request: (message, options) => {
    const { severity, createdAt } = message.notification
    const details = { alertType: ALERT_TYPES[severity], happenedAt: Date.parse(createdAt) }
    return postEvent(message, details, options)
  },
  updates: {
    events: UPDATE_EVENTS,
    *exchange(update, options) {
      const body = withoutMentions(escapeMarkdown(updateText(update)))
      const shown = { ...update, title: titleWithStatus(update), body }
      const alertType = update.status === 'resolved' ? 'success' : ALERT_TYPES[update.severity]
      return (yield postEvent(shown, { alertType, happenedAt: null }, options)).receipt
    },
  },
  answers: {
    provider: 'Datadog',
    success: [
      { status: [202], json: { status: 'ok' }, field: 'status', receipt: () => 'accepted as an event' },
    ],
    error,
    // https://docs.datadoghq.com/api/latest/events/post-an-event/
    rules: [
      {
        status: [400],
        texts: ['api key', 'api_key', 'host'],
        effect: 'pause',
        meaning: 'the key, or an option that no alert changes',
      },
      { status: [400, 413], effect: 'dead' },
      { status: [401, 403], effect: 'pause', meaning: 'the key, or the site in `apiUrl`' },
    ],
  },
})

interface EventDetails {
  readonly alertType: string
  /** null: the event happens when it is sent. */
  readonly happenedAt: number | null
}

function postEvent(
  message: Message,
  { alertType, happenedAt }: EventDetails,
  { apiKey, apiUrl: base = API, host, tags = [] }: DatadogOptions,
): Outgoing {
  const truncation = new Truncation()
  const { severity, alertId } = message.notification
  const isRecent = happenedAt !== null && message.at - happenedAt < MAX_EVENT_AGE_MS
  if (happenedAt !== null && !isRecent)
    truncation.note('left out the time of the alert: Datadog refuses events older than 18 hours')
  const title = withoutMentions(message.title || headline(message.notification))
  const body = {
    title: truncation.text('title', title, TITLE_LIMIT),
    text: eventText(message, truncation),
    alert_type: alertType,
    priority: severity === 'INFO' ? 'low' : 'normal',
    aggregation_key: truncation.text('aggregation key', alertId, KEY_LIMIT),
    ...(isRecent && { date_happened: Math.floor(happenedAt / 1_000) }),
    ...(host && { host }),
    tags: tagsOf(message, tags, truncation),
  }
  const headers = { 'dd-api-key': apiKey }
  return postJson(joinUrl(base, 'api/v1/events'), body, { headers, notes: truncation.notes })
}

/** Markdown stands between two marks. A mention would notify people and other services of Datadog. */
function eventText(message: Message, truncation: Truncation): string {
  const [begin, end] = ['%%% \n', '\n %%%']
  const limit = TEXT_LIMIT - begin.length - end.length
  const content = formatMarkdown(message, truncation, limit)
  const safe = message.body === null ? withoutMentions(content) : content
  return begin + truncation.text('text', safe, limit) + end
}

function withoutMentions(text: string): string {
  return text
    .replace(/@(?=\w)/g, `@${ZERO_WIDTH_SPACE}`)
    .replaceAll('%%%', `%${ZERO_WIDTH_SPACE}%${ZERO_WIDTH_SPACE}%`)
}

function tagsOf({ notification }: Message, more: readonly string[], truncation: Truncation): string[] {
  const { id, severity, type, tags } = notification
  const own = [`detection:${id}`, `severity:${severity.toLowerCase()}`, `alert_type:${type.toLowerCase()}`]
  return [...new Set([...own, ...tags, ...more].map((tag) => truncation.text('tag', tag, TAG_LIMIT)))]
}

function error({ status, body }: HttpResponse): ProviderError | undefined {
  const { errors } = (answerJson(body) ?? {}) as { errors?: readonly unknown[] }
  if (status < 400 || !Array.isArray(errors) || errors.length === 0) return undefined
  return { codes: [], text: errors.filter((each) => typeof each === 'string').join(', ') }
}

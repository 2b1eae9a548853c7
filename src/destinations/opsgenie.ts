/** Opsgenie: creates an alert, the same one for every attempt. */
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface OpsgenieOptions {
  readonly apiKey: string
  readonly apiUrl?: string
  readonly tags?: readonly string[]
  readonly responders?: readonly object[]
}

const MESSAGE_LIMIT = 130
const DESCRIPTION_LIMIT = 15_000
const TAG_LIMIT = 50
const MAX_TAGS = 20
const API = 'https://api.opsgenie.com'

const PRIORITIES: Record<Severity, string> = {
  INFO: 'P5',
  LOW: 'P4',
  MEDIUM: 'P3',
  HIGH: 'P2',
  CRITICAL: 'P1',
}

export default defineDestination<OpsgenieOptions>({
  type: 'opsgenie',
  summary: 'an alert in Opsgenie or Jira Service Management',
  escapeField: escaped,
  refuses: { HEARTBEAT: 'each heartbeat would open an alert' },
  options: {
    type: 'object',
    required: ['apiKey'],
    properties: {
      apiKey: secretText('OPSGENIE_KEY', 'Key of an API integration.'),
      apiUrl: apiUrl(API, 'Base URL of the API; the EU region has its own.', ['https://api.eu.opsgenie.com']),
      tags: {
        type: 'array',
        items: text('A tag.'),
        examples: [['signalbox']],
        description: "Tags to add to the detection's.",
      },
      responders: {
        type: 'array',
        items: { type: 'object' },
        examples: [[{ name: 'SOC', type: 'team' }]],
        description: 'The responders in the form of the API; otherwise the integration decides.',
      },
    },
    additionalProperties: false,
  },
  request(message, { apiKey, apiUrl: base = API, tags = [], responders }) {
    const truncation = new Truncation()
    const { severity, id } = message.notification
    const title = message.title || headline(message.notification)
    const body = {
      message: truncation.text('message', title.replace(/\s+/g, ' '), MESSAGE_LIMIT),
      alias: message.idempotencyKey,
      description: description(message, truncation),
      ...(responders && { responders }),
      tags: tagsOf([...message.notification.tags, ...tags], truncation),
      details: { detection: id, alertId: message.notification.alertId },
      entity: truncation.text('entity', id, 512),
      source: 'Signalbox',
      priority: PRIORITIES[severity],
    }
    const headers = { authorization: `GenieKey ${apiKey}` }
    return postJson(joinUrl(base, 'v2/alerts'), body, { headers, notes: truncation.notes })
  },
  answers: {
    provider: 'Opsgenie',
    // Opsgenie processes a request later; the id of the request identifies its result.
    success: [{ status: [202], field: 'requestId', receipt: (id) => `accepted as request ${id}` }],
    error,
    rules: [
      {
        status: [400, 422],
        texts: ['api key', 'apikey', 'integration'],
        effect: 'pause',
        meaning: 'the key of the integration',
      },
      {
        status: [400, 422],
        codes: ['message', 'alias', 'description', 'tags', 'details', 'entity', 'source', 'priority', 'note'],
        effect: 'dead',
      },
      {
        status: [400, 422],
        codes: ['*'],
        effect: 'pause',
        meaning: 'a field that no alert changes, such as `responders`',
      },
      { status: [402], effect: 'pause', meaning: 'the account has expired' },
    ],
  },
})

/** The codes are the fields that Opsgenie refuses. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  const json = answerJson(body)
  const { errors } = (json ?? {}) as { errors?: Readonly<Record<string, unknown>> }
  const fields = typeof errors === 'object' && errors !== null ? Object.keys(errors) : []
  const described = fields.map((field) => `${field}: ${textIn(errors, field)}`)
  const text = [textIn(json, 'message'), ...described].filter(Boolean).join(', ')
  return status >= 400 && text ? { codes: fields, text } : undefined
}

/** Builds HTML with the few tags that Opsgenie supports. */
function description(message: Parameters<typeof labelledParts>[0], truncation: Truncation): string {
  const lines = labelledParts(message).map(({ label, text: part }) => `<b>${label}:</b> ${escaped(part)}`)
  const context = contextText(message)
  const blocks = [...lines, ...(context ? [`<b>Context:</b><br>${escaped(context)}`] : [])]
  return truncation.text('description', message.body ?? blocks.join('<br>'), DESCRIPTION_LIMIT)
}

function escaped(part: string): string {
  return part
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\n', '<br>')
}

function tagsOf(tags: readonly string[], truncation: Truncation): string[] {
  const distinct = [...new Set(tags.map((tag) => truncation.text('tag', tag, TAG_LIMIT)))]
  if (distinct.length > MAX_TAGS)
    truncation.note(`left out ${distinct.length - MAX_TAGS} of ${distinct.length} tags`)
  return distinct.slice(0, MAX_TAGS)
}

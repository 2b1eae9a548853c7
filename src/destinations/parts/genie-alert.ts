/** An alert of Opsgenie and of Jira Service Management, whose alert APIs are the same: options, request and answers. */
import type { Severity } from '../../model/alerts/severity.ts'
import type { HttpResponse } from '../../model/ports.ts'
import type {
  Message,
  Outgoing,
  ProviderAnswers,
  ProviderError,
  Update,
  UpdateSupport,
} from '../_destination.ts'
import { contextText, headline, labelledParts } from './alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './json-request.ts'
import { secretText, text } from './option-forms.ts'
import { Truncation } from './truncate.ts'
import { updateText } from './updates/update-text.ts'

export interface GenieOptions {
  readonly apiKey: string
  readonly apiUrl?: string
  readonly tags?: readonly string[]
  readonly responders?: readonly object[]
}

const MESSAGE_LIMIT = 130
const DESCRIPTION_LIMIT = 15_000
const TAG_LIMIT = 50
const MAX_TAGS = 20

const PRIORITIES: Record<Severity, string> = {
  INFO: 'P5',
  LOW: 'P4',
  MEDIUM: 'P3',
  HIGH: 'P2',
  CRITICAL: 'P1',
}

/** The schemas of the options except the base URL, which differs. */
export function genieProperties(variable: string, responder: object): Readonly<Record<string, object>> {
  return {
    apiKey: secretText(variable, 'Key of an API integration.'),
    tags: {
      type: 'array',
      items: text('A tag.'),
      examples: [['signalbox']],
      description: "Tags to add to the detection's.",
    },
    responders: {
      type: 'array',
      items: { type: 'object' },
      examples: [[responder]],
      description: 'The responders in the form of the API; otherwise the integration decides.',
    },
  }
}

/** @param base the base URL without `v2/alerts`. */
export function genieRequest(
  message: Message,
  base: string,
  { apiKey, tags = [], responders }: GenieOptions,
): Outgoing {
  const truncation = new Truncation()
  const { severity, id } = message.notification
  const title = message.title || headline(message.notification)
  const body = {
    message: truncation.text('message', title.replace(/\s+/g, ' '), MESSAGE_LIMIT),
    alias: message.idempotencyKey,
    description: description(message, truncation),
    ...(responders && { responders }),
    tags: truncation.distinct(
      'tags',
      [...message.notification.tags, ...tags].map((tag) => truncation.text('tag', tag, TAG_LIMIT)),
      MAX_TAGS,
    ),
    details: { detection: id, alertId: message.notification.alertId },
    entity: truncation.text('entity', id, 512),
    source: 'Signalbox',
    priority: PRIORITIES[severity],
  }
  const headers = { authorization: `GenieKey ${apiKey}` }
  return postJson(joinUrl(base, 'v2/alerts'), body, { headers, notes: truncation.notes })
}

const NOTE_LIMIT = 25_000

/** Acknowledges and closes the alert by its alias. The provider ignores a request that comes twice. */
export function genieUpdates(defaultBase: string): UpdateSupport<GenieOptions> {
  return {
    events: ['acknowledged', 'resolved'],
    *exchange(update, options) {
      const verb = update.events.includes('resolved') ? 'close' : 'acknowledge'
      return (yield genieAct(update, verb, options.apiUrl ?? defaultBase, options)).receipt
    },
  }
}

function genieAct(update: Update, verb: string, base: string, { apiKey }: GenieOptions): Outgoing {
  const truncation = new Truncation()
  const body = { source: 'Signalbox', note: truncation.text('note', updateText(update), NOTE_LIMIT) }
  const url = joinUrl(base, `v2/alerts/${update.firstKey}/${verb}?identifierType=alias`)
  return postJson(url, body, { headers: { authorization: `GenieKey ${apiKey}` }, notes: truncation.notes })
}

export function genieAnswers(provider: string): ProviderAnswers<GenieOptions> {
  return {
    provider,
    // The provider processes a request later; the id of the request identifies its result.
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
  }
}

/** The codes are the fields that the provider refuses. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  const json = answerJson(body)
  const { errors } = (json ?? {}) as { errors?: Readonly<Record<string, unknown>> }
  const fields = typeof errors === 'object' && errors !== null ? Object.keys(errors) : []
  const described = fields.map((field) => `${field}: ${textIn(errors, field)}`)
  const text = [textIn(json, 'message'), ...described].filter(Boolean).join(', ')
  return status >= 400 && text ? { codes: fields, text } : undefined
}

/** Builds HTML with the few tags that a description supports. */
function description(message: Message, truncation: Truncation): string {
  const lines = labelledParts(message).map(
    ({ label, text: part }) => `<b>${label}:</b> ${escapeGenieHtml(part)}`,
  )
  const context = contextText(message)
  const blocks = [...lines, ...(context ? [`<b>Context:</b><br>${escapeGenieHtml(context)}`] : [])]
  return truncation.text('description', message.body ?? blocks.join('<br>'), DESCRIPTION_LIMIT)
}

export function escapeGenieHtml(part: string): string {
  return part
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\n', '<br>')
}

/** incident.io: an alert through an HTTP alert source, the same one for every attempt. */

import { parseExact } from '../core/exact-json.ts'
import { readableValue } from '../core/readable-text.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { withoutContext } from './parts/notification-size.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { updateText } from './parts/updates/update-text.ts'

interface IncidentIoOptions {
  readonly alertSourceConfigId: string
  readonly token: string
  readonly apiUrl?: string
}

const TITLE_LIMIT = 1_000
const DESCRIPTION_LIMIT = 20_000
const BODY_LIMIT_BYTES = 512 * 1024
const API = 'https://api.incident.io'

export default defineDestination<IncidentIoOptions>({
  type: 'incidentio',
  summary: 'an alert in incident.io',
  rate: {
    // https://docs.incident.io/incidents/auto-create
    documented: 'incident.io documents 120 events a minute for each alert source.',
    limit: { perMinute: 120, burst: 10 },
  },
  escapeField: escapeMarkdown,
  pages: true,
  refuses: { HEARTBEAT: 'each heartbeat would open an alert' },
  options: {
    type: 'object',
    required: ['alertSourceConfigId', 'token'],
    properties: {
      alertSourceConfigId: text('Id of the HTTP alert source.', '01GW2G3V0S59R238FAHPDS1R66', {
        pattern: '^[0-9A-Za-z]+$',
      }),
      token: secretText('INCIDENT_IO_TOKEN', "The alert source's token."),
      apiUrl: apiUrl(API, 'Base URL of the API.'),
    },
    additionalProperties: false,
  },
  request(message, { alertSourceConfigId, token, apiUrl: base = API }) {
    const truncation = new Truncation()
    const { link } = message.notification
    const event = {
      title: truncation.text('title', message.title || headline(message.notification), TITLE_LIMIT),
      description: formatMarkdown(message, truncation, DESCRIPTION_LIMIT),
      deduplication_key: message.idempotencyKey,
      status: 'firing',
      ...(link && { source_url: link }),
    }
    const eventWith = (metadata: object) => JSON.stringify({ ...event, metadata: readableValue(metadata) })
    const body = truncation.fullest(BODY_LIMIT_BYTES, () => eventWith(parseExact(message.json) as object), {
      without: 'the alert context',
      build: () => eventWith(withoutContext(message)),
    })
    const url = joinUrl(base, `v2/alert_events/http/${alertSourceConfigId}`)
    return postJson(url, body, { headers: { authorization: `Bearer ${token}` }, notes: truncation.notes })
  },
  updates: {
    events: ['resolved'],
    *exchange(update, { alertSourceConfigId, token, apiUrl: base = API }) {
      const truncation = new Truncation()
      const title = update.title || headline(update.notification)
      const body = {
        title: truncation.text('title', title, TITLE_LIMIT),
        description: truncation.text('description', escapeMarkdown(updateText(update)), DESCRIPTION_LIMIT),
        deduplication_key: update.firstKey,
        status: 'resolved',
      }
      const url = joinUrl(base, `v2/alert_events/http/${alertSourceConfigId}`)
      const headers = { authorization: `Bearer ${token}` }
      return (yield postJson(url, body, { headers, notes: truncation.notes })).receipt
    },
  },
  answers: {
    provider: 'incident.io',
    success: [{ status: [202], field: 'deduplication_key', receipt: (key) => `accepted as ${key}` }],
    error,
    rules: [
      {
        codes: ['title', 'description', 'deduplication_key', 'metadata', 'source_url'],
        status: [400, 422],
        effect: 'dead',
      },
      { codes: ['authentication_error', 'not_found', 'forbidden', 'payment_required'], effect: 'pause' },
      { codes: ['too_many_requests', 'internal_error'], effect: 'retry' },
    ],
  },
})

interface IncidentIoError {
  readonly type?: string
  readonly errors?: readonly {
    readonly code?: string
    readonly message?: string
    readonly source?: { readonly field?: string }
  }[]
}

function error({ status, body }: HttpResponse): ProviderError | undefined {
  const { type, errors = [] } = (answerJson(body) ?? {}) as IncidentIoError
  if (status < 400 || type === undefined) return undefined
  const fields = errors.flatMap(({ source }) => source?.field ?? [])
  const described = errors.map(({ message, code }) => message ?? code ?? '')
  return { codes: fields.length > 0 ? fields : [type], text: [type, ...described].filter(Boolean).join(': ') }
}

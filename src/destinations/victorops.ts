/** Splunk On-Call (VictorOps): an incident through the REST endpoint, the same one for every attempt. */
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { updateText } from './parts/updates/update-text.ts'

interface VictorOpsOptions {
  readonly apiKey: string
  readonly routingKey: string
  readonly apiUrl?: string
}

const TITLE_LIMIT = 512
const STATE_LIMIT = 20_480
const API = 'https://alert.victorops.com/integrations/generic/20131114/alert'

const MESSAGE_TYPES: Record<Severity, string> = {
  INFO: 'INFO',
  LOW: 'INFO',
  MEDIUM: 'WARNING',
  HIGH: 'CRITICAL',
  CRITICAL: 'CRITICAL',
}

export default defineDestination<VictorOpsOptions>({
  type: 'victorops',
  summary: 'an incident in Splunk On-Call (VictorOps)',
  rate: { documented: 'Splunk On-Call documents no rate for the REST endpoint.' },
  pages: true,
  refuses: { HEARTBEAT: 'each heartbeat would be in the timeline' },
  options: {
    type: 'object',
    required: ['apiKey', 'routingKey'],
    properties: {
      apiKey: secretText('VICTOROPS_KEY', 'The key of the REST endpoint, which is part of its URL.'),
      routingKey: text('Routing key, which decides the recipients.', 'soc', { pattern: '^[\\w.-]+$' }),
      apiUrl: apiUrl(API, 'The REST endpoint without its keys.'),
    },
    additionalProperties: false,
  },
  request(message, { apiKey, routingKey, apiUrl: base = API }) {
    const truncation = new Truncation()
    const { severity, createdAt, link, id } = message.notification
    const body = {
      message_type: MESSAGE_TYPES[severity],
      entity_id: message.idempotencyKey,
      entity_display_name: truncation.text(
        'title',
        message.title || headline(message.notification),
        TITLE_LIMIT,
      ),
      state_message: truncation.text('text', plainText(message), STATE_LIMIT),
      state_start_time: Math.floor(Date.parse(createdAt) / 1_000),
      monitoring_tool: 'Signalbox',
      severity,
      detection: id,
      ...(link && { alert_url: link }),
    }
    return postJson(joinUrl(base, `${apiKey}/${routingKey}`), body, { notes: truncation.notes })
  },
  updates: {
    events: ['acknowledged', 'resolved'],
    *exchange(update, { apiKey, routingKey, apiUrl: base = API }) {
      const truncation = new Truncation()
      const body = {
        message_type: update.events.includes('resolved') ? 'RECOVERY' : 'ACKNOWLEDGEMENT',
        entity_id: update.firstKey,
        state_message: truncation.text('text', updateText(update), STATE_LIMIT),
        monitoring_tool: 'Signalbox',
      }
      const url = joinUrl(base, `${apiKey}/${routingKey}`)
      return (yield postJson(url, body, { notes: truncation.notes })).receipt
    },
  },
  answers: {
    provider: 'Splunk On-Call',
    // A rejected alert also gets 200.
    success: [
      {
        status: [200],
        json: { result: 'success' },
        field: 'entity_id',
        receipt: (id) => `accepted as ${id}`,
      },
    ],
    error,
    rules: [
      {
        codes: ['failure'],
        texts: ['routing key', 'routing_key', 'api key', 'integration', 'not enabled', 'disabled'],
        effect: 'pause',
        meaning: 'the keys, or the integration',
      },
      { codes: ['failure'], effect: 'dead' },
    ],
  },
})

function error({ body }: HttpResponse): ProviderError | undefined {
  const json = answerJson(body)
  if (textIn(json, 'result') !== 'failure') return undefined
  const why = textIn(json, 'message') || textIn(json, 'messages') || 'not accepted'
  return { codes: ['failure'], text: why }
}

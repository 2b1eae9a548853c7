/** Splunk: the notification as an event of the HTTP Event Collector. */

import { parseExact } from '../core/exact-json.ts'
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type ProviderError } from './_destination.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { withoutContext } from './parts/notification-size.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface SplunkOptions {
  readonly url: string
  readonly token: string
  readonly index?: string
  readonly source?: string
  readonly sourcetype?: string
  readonly host?: string
}

/** The usual `max_content_length` of the collector. */
const BODY_LIMIT_BYTES = 838_860

export default defineDestination<SplunkOptions>({
  type: 'splunk',
  summary: 'an event in Splunk, through the HTTP Event Collector',
  rate: { documented: 'The collector answers 503 when it is busy, and documents no rate.' },
  templates: [],
  options: {
    type: 'object',
    required: ['url', 'token'],
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://splunk.example.com:8088'],
        description: 'Base URL of the collector, without a path.',
      },
      token: secretText('SPLUNK_HEC_TOKEN', "The collector's token."),
      index: text("An index other than the token's.", 'alerts'),
      source: text('What Splunk shows as the source.', undefined, { default: 'signalbox' }),
      sourcetype: text('What Splunk parses it as.', undefined, { default: '_json' }),
      host: text('What Splunk shows as the host.', 'soc-1'),
    },
    additionalProperties: false,
  },
  request(message, options) {
    const truncation = new Truncation()
    const body = truncation.fullest(
      BODY_LIMIT_BYTES,
      () => eventText(message, parseExact(message.json) as object, options),
      {
        without: 'the alert context',
        build: () => eventText(message, withoutContext(message), options),
      },
    )
    const headers = { authorization: `Splunk ${options.token}` }
    return postJson(joinUrl(options.url, 'services/collector/event'), body, {
      headers,
      notes: truncation.notes,
    })
  },
  answers: {
    provider: 'Splunk',
    // 24 and 25 warn of queues that are nearly full. The event was accepted.
    success: [0, 24, 25].map((code) => ({
      status: [200],
      json: { code },
      field: 'text',
      receipt: (text: string) => text,
    })),
    error,
    // https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
    rules: [
      {
        codes: ['8', '9', '18', '19', '20', '23', '26', '27'],
        effect: 'retry',
        meaning: 'busy, full, unhealthy, or shutting down',
      },
      { codes: ['5', '6', '12', '13', '15'], effect: 'dead', meaning: 'the event' },
      { codes: ['7'], effect: 'pause', meaning: 'the index' },
      { codes: ['1', '2', '3', '4', '16', '21', '22'], effect: 'pause', meaning: 'the token' },
      {
        codes: ['10', '11', '14'],
        effect: 'pause',
        meaning: 'the token asks for acknowledgements, which Signalbox does not use',
      },
    ],
    unlisted: 'pause',
  },
})

function eventText(message: Message, notification: object, options: SplunkOptions): string {
  const { index, host, source = 'signalbox', sourcetype = '_json' } = options
  return JSON.stringify({
    time: Date.parse(message.notification.createdAt) / 1_000,
    source,
    sourcetype,
    ...(host && { host }),
    ...(index && { index }),
    event: { ...notification, deliveryId: message.idempotencyKey },
    fields: { signalbox_delivery: message.idempotencyKey },
  })
}

function error({ status, body }: HttpResponse): ProviderError | undefined {
  if (status === 200 && ['0', '24', '25'].includes(textAt(body, 'code'))) return undefined
  const [code, reason] = [textAt(body, 'code'), textAt(body, 'text')]
  return code ? { codes: [code], text: `${reason} (code ${code})` } : undefined
}

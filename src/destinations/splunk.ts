/** Splunk: the notification as an event of the HTTP Event Collector. */

import { parseExact } from '../core/exact-json.ts'
import { PermanentError, RetryableError } from '../errors.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Receipt } from './_destination.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
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
  receipt,
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

/** With these codes the collector reports an error of the token or the index, not of the event. */
const BROKEN = new Set(['1', '2', '3', '4', '7', '10', '11', '14'])

function receipt({ status, body }: HttpResponse): Receipt | undefined {
  const answer = answerJson(body)
  const [code, reason] = [textIn(answer, 'code'), textIn(answer, 'text')]
  if (status >= 200 && status <= 299) {
    if (code === '0') return { status, message: `${status}: ${reason || 'Success'}` }
    throw new RetryableError(`${status}, but not a response of Splunk`, { status })
  }
  if (status < 500 && status !== 429 && BROKEN.has(code))
    throw new PermanentError(`${status}: ${reason} (code ${code})`, { status, scope: 'destination' })
  return undefined
}

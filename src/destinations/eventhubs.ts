/** Azure Event Hubs: the notification as an event, over HTTPS. */
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { TOKEN_OF_TRANSPORT } from './_options.ts'
import { sasToken } from './parts/credentials/sas-token.ts'
import { joinUrl } from './parts/json-request.ts'
import { notificationWithin } from './parts/notification-size.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface EventHubsOptions {
  readonly url: string
  readonly eventHub: string
  readonly keyName?: string
  readonly key?: string
}

/** The limit of the tier Basic is 256 KB for the event with its properties. */
const EVENT_LIMIT_BYTES = 250_000
const SIGNATURE_TTL_MS = 15 * 60_000

export default defineDestination<EventHubsOptions>({
  type: 'eventhubs',
  summary: 'an event in Azure Event Hubs',
  rate: {
    documented:
      'Event Hubs accepts 1,000 events or 1 MB a second for each throughput unit, and answers 503 above that.',
  },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['url', 'eventHub'],
    oneOf: [{ required: ['key'] }, TOKEN_OF_TRANSPORT],
    dependencies: { key: ['keyName'], keyName: ['key'] },
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://example.servicebus.windows.net'],
        description: 'URL of the namespace.',
      },
      eventHub: text('The name of the event hub.', 'alerts', { pattern: '^[A-Za-z0-9][\\w.-]*$' }),
      keyName: text('The shared access policy whose key signs the requests.', 'signalbox-send'),
      key: secretText('EVENTHUBS_KEY', 'Primary or secondary key of the policy.'),
    },
    additionalProperties: false,
  },
  request(message, options) {
    const truncation = new Truncation()
    const { severity, id, alertId } = message.notification
    const event = {
      Body: notificationWithin(message, truncation, EVENT_LIMIT_BYTES),
      UserProperties: { severity, detection: id, alertId, idempotencyKey: message.idempotencyKey },
    }
    const resource = joinUrl(options.url, encodeURIComponent(options.eventHub))
    return {
      method: 'POST',
      url: `${resource}/messages?api-version=2014-01`,
      headers: {
        'content-type': 'application/vnd.microsoft.servicebus.json',
        ...authorization(resource, options, message.at),
      },
      body: JSON.stringify([event]),
      notes: truncation.notes,
    }
  },
  answers: {
    provider: 'Azure Event Hubs',
    success: [{ status: [201], text: '', receipt: () => 'created' }],
    error,
    // https://learn.microsoft.com/rest/api/eventhub/send-batch-events
    rules: [
      { status: [400], effect: 'dead' },
      {
        status: [401],
        effect: 'pause',
        meaning:
          'the key, its policy or the access token may not send; or the clock of this machine is wrong',
      },
      { status: [403], texts: ['quota', 'throttl', 'busy'], effect: 'retry', meaning: 'a quota' },
      { status: [403], effect: 'pause', meaning: 'a firewall of the namespace, or it is disabled' },
      { status: [404, 410], effect: 'pause', meaning: 'the namespace has no such event hub' },
      { status: [413], effect: 'dead', meaning: 'larger than the tier allows' },
      { status: [429, 500, 503], effect: 'retry' },
    ],
  },
})

/** Without a key the access token of the transport is put into the request. */
function authorization(
  resource: string,
  { keyName: name, key }: EventHubsOptions,
  now: number,
): Record<string, string> {
  if (name === undefined || key === undefined) return {}
  return { authorization: sasToken(resource, { name, key }, now + SIGNATURE_TTL_MS) }
}

/** Errors are XML: `<Error><Code>404</Code><Detail>...</Detail></Error>`. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  const [, detail = ''] = /<Detail>([^<]+)<\/Detail>/.exec(body) ?? []
  return status >= 400 && detail ? { codes: [], text: detail } : undefined
}

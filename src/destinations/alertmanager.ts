/** Prometheus Alertmanager: an alert through API v2, the same one for every attempt. */
import { basicAuth } from '../core/basic-auth.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Outgoing, type ProviderError } from './_destination.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { updateText } from './parts/updates/update-text.ts'

interface AlertmanagerOptions {
  readonly url: string
  readonly user?: string
  readonly password?: string
  readonly bearerToken?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly activeMinutes?: number
}

/** Alertmanager has no limits of its own; what it passes on to its receivers should be of this size. */
const SUMMARY_LIMIT = 1_024
const DESCRIPTION_LIMIT = 16_384
const DEFAULT_ACTIVE_MINUTES = 60

export default defineDestination<AlertmanagerOptions>({
  type: 'alertmanager',
  summary: 'an alert in Prometheus Alertmanager, by API v2',
  rate: { documented: 'Alertmanager documents no rate.' },
  options: {
    type: 'object',
    required: ['url'],
    dependencies: {
      user: ['password'],
      password: ['user'],
      bearerToken: { properties: { user: false } },
    },
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://alertmanager.example.com'],
        description: 'Base URL, with the path prefix if there is one.',
      },
      user: text('User for basic authentication.', 'signalbox'),
      password: secretText('ALERTMANAGER_PASSWORD', 'Password of the user.'),
      bearerToken: secretText('ALERTMANAGER_TOKEN', 'Bearer token, where a proxy asks for one.'),
      labels: {
        type: 'object',
        propertyNames: { pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' },
        additionalProperties: { type: 'string', minLength: 1 },
        examples: [{ team: 'soc' }],
        description: 'Labels to add, for its routes. They do not replace the labels of the alert.',
      },
      activeMinutes: {
        type: 'integer',
        minimum: 1,
        maximum: 10_080,
        default: DEFAULT_ACTIVE_MINUTES,
        description: 'Minutes after the delivery for which the alert is active.',
      },
    },
    additionalProperties: false,
  },
  request: (message, options) => postAlert(message, activeUntil(message, options), {}, options),
  updates: {
    events: ['repeated', 'reopened', 'resolved'],
    *exchange(update, options) {
      const isResolved = update.events.includes('resolved')
      const end = isResolved ? update.at : activeUntil(update, options)
      return (yield postAlert(update, end, { update: updateText(update) }, options)).receipt
    },
  },
  answers: {
    provider: 'Alertmanager',
    success: [{ status: [200], text: '' }],
    error,
    // https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
    rules: [
      { status: [400, 413, 422], effect: 'dead', meaning: 'a label or an annotation that it refuses' },
      { status: [500], effect: 'retry' },
    ],
  },
})

/** An end in the past would resolve an alert that is delivered late before anyone gets it. */
function activeUntil(
  { at }: Message,
  { activeMinutes = DEFAULT_ACTIVE_MINUTES }: AlertmanagerOptions,
): number {
  return at + activeMinutes * 60_000
}

function postAlert(
  message: Message,
  end: number,
  more: { readonly update?: string },
  options: AlertmanagerOptions,
): Outgoing {
  const { url, labels = {} } = options
  const truncation = new Truncation()
  const { createdAt, link } = message.notification
  const alert = {
    labels: { ...labels, ...labelsOf(message) },
    annotations: {
      summary: truncation.text('summary', message.title || headline(message.notification), SUMMARY_LIMIT),
      description: truncation.text('description', plainText(message), DESCRIPTION_LIMIT),
      ...more,
    },
    startsAt: createdAt,
    endsAt: new Date(end).toISOString(),
    ...(link && { generatorURL: link }),
  }
  return postJson(joinUrl(url, 'api/v2/alerts'), [alert], {
    headers: authorization(options),
    notes: truncation.notes,
  })
}

function authorization({ user, password = '', bearerToken }: AlertmanagerOptions): Record<string, string> {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` }
  return user === undefined ? {} : { authorization: basicAuth(user, password) }
}

/** The labels identify the alert: Alertmanager joins two alerts with the same labels. */
function labelsOf({ notification }: Message): Readonly<Record<string, string>> {
  const { id, name, severity, type, alertId } = notification
  return {
    alertname: name || id,
    detection: id,
    severity: severity.toLowerCase(),
    alert_type: type,
    alert_id: alertId,
    source: 'signalbox',
  }
}

/** The body of an error is a JSON text, or an object where the request does not match the schema. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  if (status < 400) return undefined
  const text = textIn(answerJson(body), 'message') || jsonText(body)
  return text ? { codes: [], text } : undefined
}

function jsonText(body: string): string {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}

/** OpenTelemetry: a log record of the protocol OTLP, over HTTP in its JSON encoding. */
import { parseExact } from '../core/exact-json.ts'
import { textAt } from '../core/json-path.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type ProviderError } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { headersSchema, lowerCased } from './parts/options/user-headers.ts'
import { anyValue, type KeyValue, keyValues } from './parts/otlp-value.ts'

interface OtlpOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly resource?: Readonly<Record<string, string>>
}

/** The data model maps the severities of syslog so; the type `syslog` sends them for the same alerts. */
const SEVERITY_NUMBERS: Record<Severity, number> = { INFO: 9, LOW: 10, MEDIUM: 13, HIGH: 17, CRITICAL: 18 }
const REJECTED = 'rejectedLogRecords'

export default defineDestination<OtlpOptions>({
  type: 'otlp',
  summary: 'a log record of OpenTelemetry, over OTLP/HTTP',
  rate: { documented: 'A server answers 429 or 503 when it is busy, and documents no rate.' },
  options: {
    type: 'object',
    required: ['url'],
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://otel.example.com:4318'],
        description: 'Base URL of the server; `/v1/logs` is appended.',
      },
      headers: headersSchema(
        'Headers to add, for example for authentication. They may not replace `Content-Type`, `Accept`, `Idempotency-Key` and `User-Agent`.',
      ),
      resource: {
        type: 'object',
        additionalProperties: { type: 'string', minLength: 1 },
        examples: [{ 'deployment.environment.name': 'production' }],
        description: 'Attributes of the resource; `service.name` is `signalbox` unless it is named here.',
      },
    },
    additionalProperties: false,
  },
  request(message, { url, headers, resource }) {
    const { 'content-type': _, accept: __, ...more } = lowerCased(headers)
    const logs = {
      resource: { attributes: keyValues({ 'service.name': 'signalbox', ...resource }) },
      scopeLogs: [{ scope: { name: 'signalbox' }, logRecords: [logRecord(message)] }],
    }
    return postJson(joinUrl(url, 'v1/logs'), { resourceLogs: [logs] }, { headers: more })
  },
  answers: {
    provider: 'OpenTelemetry',
    success: [
      { status: [200], contentType: 'application/json', object: true },
      { status: [204], text: '' },
    ],
    error,
    // https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
    rules: [
      { codes: [REJECTED], effect: 'dead', meaning: 'the server rejected the log record' },
      { status: [400, 413], effect: 'dead' },
      { status: [401, 403], effect: 'pause', meaning: 'the headers, or the access token' },
      { status: [404, 405], effect: 'pause', meaning: 'the URL' },
      { status: [429, 502, 503, 504], effect: 'retry' },
    ],
  },
})

function logRecord(message: Message): object {
  const { createdAt, severity } = message.notification
  const time = `${Date.parse(createdAt)}000000`
  const title = message.title || headline(message.notification)
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: SEVERITY_NUMBERS[severity],
    severityText: severity,
    body: anyValue(message.body ?? title),
    attributes: attributesOf(message, title),
  }
}

/** Records with the same `log.record.uid` are duplicates, by the semantic conventions of OpenTelemetry. */
function attributesOf({ notification, json, reference, idempotencyKey }: Message, title: string): KeyValue[] {
  const { alertId, type, link, id, name, version, description, runbook, tags } = notification
  const { alertContext } = parseExact(json) as { alertContext: object }
  const texts = {
    'log.record.uid': idempotencyKey,
    'signalbox.alert.id': alertId,
    'signalbox.alert.kind': type,
    'signalbox.alert.title': title,
    'signalbox.alert.link': link,
    'signalbox.alert.description': description,
    'signalbox.alert.runbook': runbook,
    'signalbox.alert.reference': reference,
    'signalbox.detection.id': id,
    'signalbox.detection.name': name,
    'signalbox.detection.version': version,
  }
  const present = Object.entries(texts).filter(([, text]) => text !== '')
  return keyValues({
    ...Object.fromEntries(present),
    ...(tags.length > 0 && { 'signalbox.alert.tags': tags }),
    ...(Object.keys(alertContext).length > 0 && { 'signalbox.alert.context': alertContext }),
  })
}

/** A success can say that the record was rejected. An error is a `Status` with a message. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  if (status >= 400) {
    const text = textAt(body, 'message')
    return text ? { codes: [], text } : undefined
  }
  const rejected = Number(textAt(body, `partialSuccess.${REJECTED}`))
  if (!(rejected > 0)) return undefined
  return {
    codes: [REJECTED],
    text: textAt(body, 'partialSuccess.errorMessage') || `${REJECTED}: ${rejected}`,
  }
}

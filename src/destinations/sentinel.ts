/** Microsoft Sentinel: a row in a table of its Log Analytics workspace, through the Logs Ingestion API of Azure Monitor. */
import { parseExact } from '../core/exact-json.ts'
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type ProviderError } from './_destination.ts'
import { TOKEN_OF_TRANSPORT } from './_options.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface SentinelOptions {
  readonly endpoint: string
  readonly ruleId: string
  readonly stream: string
}

/** Azure Monitor cuts a longer value without notice, which leaves a context that cannot be parsed. */
const FIELD_LIMIT_BYTES = 64 * 1024
const API_VERSION = '2023-01-01'

export default defineDestination<SentinelOptions>({
  type: 'sentinel',
  summary: 'a row in a table of Microsoft Sentinel, through the Logs Ingestion API',
  rate: { documented: 'Azure Monitor accepts 12,000 requests a minute for each data collection rule.' },
  templates: ['payload'],
  options: {
    type: 'object',
    required: ['endpoint', 'ruleId', 'stream'],
    oneOf: [TOKEN_OF_TRANSPORT],
    properties: {
      endpoint: text(
        'The logs ingestion endpoint of the data collection rule, or a data collection endpoint.',
        'https://signalbox-a1b2.westeurope-1.ingest.monitor.azure.com',
        { pattern: '^https?://' },
      ),
      ruleId: text('The immutable id of the data collection rule.', 'dcr-00000000000000000000000000000000', {
        pattern: '^dcr-[0-9a-f]{32}$',
      }),
      stream: text('The stream of the data collection rule.', 'Custom-SignalboxAlerts', {
        pattern: '^(?:Custom|Microsoft)-\\w+$',
      }),
    },
    additionalProperties: false,
  },
  request(message, { endpoint, ruleId, stream }) {
    const truncation = new Truncation()
    const row = message.payload ?? JSON.stringify(columnsOf(message, truncation))
    const path = `dataCollectionRules/${encodeURIComponent(ruleId)}/streams/${encodeURIComponent(stream)}`
    return postJson(joinUrl(endpoint, `${path}?api-version=${API_VERSION}`), `[${row}]`, {
      notes: truncation.notes,
    })
  },
  answers: {
    provider: 'Azure Monitor',
    success: [{ status: [204], text: '', receipt: () => 'accepted by the data collection rule' }],
    error,
    // https://learn.microsoft.com/azure/azure-monitor/logs/tutorial-logs-ingestion-code#troubleshooting
    rules: [
      { codes: ['InvalidStream'], effect: 'pause', meaning: 'the data collection rule has no such stream' },
      { status: [400], effect: 'dead', meaning: 'the row does not fit the columns of the stream' },
      { status: [401], effect: 'pause', meaning: 'the access token: see `transport.oauth2`' },
      {
        status: [403],
        effect: 'pause',
        meaning: 'the application lacks the role Monitoring Metrics Publisher, or got it within 30 minutes',
      },
      { status: [404], effect: 'pause', meaning: 'the endpoint, or the id of the data collection rule' },
      { status: [413], effect: 'dead', meaning: 'larger than 1 MB' },
      { status: [429, 503], effect: 'retry' },
    ],
  },
})

/** Azure Monitor reserves `id`, `Type`, `Title` and `TenantId`, so no column has such a name. */
function columnsOf({ json, reference, idempotencyKey }: Message, truncation: Truncation): object {
  const exact = parseExact(json) as Readonly<Record<string, unknown>>
  return {
    TimeGenerated: exact.createdAt,
    AlertId: exact.alertId,
    AlertKind: exact.type,
    AlertTitle: truncation.bytes('title', String(exact.title), FIELD_LIMIT_BYTES),
    Severity: exact.severity,
    DetectionId: exact.id,
    DetectionName: exact.name,
    Description: truncation.bytes('description', String(exact.description), FIELD_LIMIT_BYTES),
    Runbook: truncation.bytes('runbook', String(exact.runbook), FIELD_LIMIT_BYTES),
    Reference: reference,
    Link: exact.link,
    Tags: exact.tags,
    Context: contextOf(exact.alertContext, truncation),
    DetectionVersion: exact.version,
    DeliveryId: idempotencyKey,
  }
}

/** A context that is too large becomes the beginning of its JSON text. */
function contextOf(context: unknown, truncation: Truncation): unknown {
  const json = JSON.stringify(context)
  const fitting = truncation.bytes('context', json, FIELD_LIMIT_BYTES)
  return fitting === json ? context : fitting
}

function error({ status, body }: HttpResponse): ProviderError | undefined {
  const [code, message] = [textAt(body, 'error.code'), textAt(body, 'error.message')]
  if (status < 400 || !(code || message)) return undefined
  return { codes: code ? [code] : [], text: [code, message].filter(Boolean).join(': ') }
}

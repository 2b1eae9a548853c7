/** PagerDuty: triggers an incident through Events API v2, the same one for every attempt. */

import { parseExact } from '../core/exact-json.ts'
import { readableValue } from '../core/readable-text.ts'
import type { Notification } from '../model/alerts/alert.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import {
  defineDestination,
  type Message,
  type Outgoing,
  type ProviderError,
  type Update,
} from './_destination.ts'
import { env } from './_options.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { Truncation } from './parts/truncate.ts'

interface PagerDutyOptions {
  readonly integrationKey: string
  readonly source?: string
  readonly apiUrl?: string
}

const SUMMARY_LIMIT = 1_024
const EVENT_LIMIT_BYTES = 512_000

const SEVERITIES: Record<Severity, string> = {
  INFO: 'info',
  LOW: 'info',
  MEDIUM: 'warning',
  HIGH: 'error',
  CRITICAL: 'critical',
}

export default defineDestination<PagerDutyOptions>({
  type: 'pagerduty',
  summary: 'an incident in PagerDuty, by Events API v2',
  rate: {
    documented: 'PagerDuty accepts 120 events a minute for an integration key.',
    limit: { perMinute: 120, burst: 30 },
  },
  pages: true,
  refuses: { HEARTBEAT: 'each heartbeat would open an incident' },
  options: {
    type: 'object',
    required: ['integrationKey'],
    properties: {
      integrationKey: {
        type: 'string',
        pattern: '^[0-9A-Za-z]{32}$',
        secret: true,
        examples: [env('PAGERDUTY_KEY')],
        description: 'Integration key (routing key) of an Events API v2 integration: 32 letters and digits.',
      },
      source: {
        type: 'string',
        minLength: 1,
        default: 'signalbox',
        description: 'What PagerDuty shows as the source.',
      },
      apiUrl: {
        type: 'string',
        pattern: '^https?://',
        default: 'https://events.pagerduty.com',
        examples: ['https://events.eu.pagerduty.com'],
        description: 'Base URL of the Events API; the EU region has its own.',
      },
    },
    additionalProperties: false,
  },
  request: (message, options) =>
    trigger(message, options, message.idempotencyKey, message.notification.severity),
  updates: {
    events: ['escalated', 'acknowledged', 'reopened', 'resolved'],
    *exchange(update, options) {
      const receipts = []
      for (const event of eventsOf(update, options)) receipts.push((yield event).receipt)
      return { ...receipts.at(-1)!, message: receipts.map(({ message }) => message).join('; ') }
    },
  },
  answers: {
    provider: 'PagerDuty',
    success: [
      {
        status: [202],
        json: { status: 'success' },
        field: 'dedup_key',
        receipt: (key) => `accepted as ${key}`,
      },
    ],
    error,
    rules: [
      {
        status: [400],
        texts: ['routing_key', 'routing key'],
        effect: 'pause',
        meaning: 'the integration key',
      },
      { status: [400, 413], effect: 'dead' },
    ],
  },
})

/** PagerDuty adds an event to the open alert with its key, and ignores what comes twice. */
function eventsOf(update: Update, options: PagerDutyOptions): Outgoing[] {
  const { events, firstKey, severity } = update
  if (events.includes('resolved')) return [act('resolve', firstKey, options)]
  const triggers = events.includes('escalated') || events.includes('reopened')
  return [
    ...(triggers ? [trigger(update, options, firstKey, severity)] : []),
    ...(events.includes('acknowledged') ? [act('acknowledge', firstKey, options)] : []),
  ]
}

function act(action: 'acknowledge' | 'resolve', key: string, options: PagerDutyOptions): Outgoing {
  return postJson(endpoint(options), {
    routing_key: options.integrationKey,
    event_action: action,
    dedup_key: key,
  })
}

function endpoint({ apiUrl = 'https://events.pagerduty.com' }: PagerDutyOptions): string {
  return joinUrl(apiUrl, 'v2/enqueue')
}

function trigger(message: Message, options: PagerDutyOptions, key: string, severity: Severity): Outgoing {
  const { integrationKey, source = 'signalbox' } = options
  const truncation = new Truncation()
  const { createdAt, link } = message.notification
  const summary = truncation.text('summary', message.title || headline(message.notification), SUMMARY_LIMIT)
  const event = (details: object) =>
    JSON.stringify({
      routing_key: integrationKey,
      event_action: 'trigger',
      dedup_key: key,
      client: 'Signalbox',
      ...(link && { client_url: link }),
      ...links(message),
      payload: {
        summary,
        severity: SEVERITIES[severity],
        timestamp: createdAt,
        source,
        custom_details: details,
      },
    })
  const details = {
    ...(message.body !== null && { text: message.body }),
    ...(readableValue(parseExact(message.json)) as Notification),
  }
  const { alertContext: _, ...lean } = details
  const body = truncation.fullest(EVENT_LIMIT_BYTES, () => event(details), {
    without: 'the alert context',
    build: () => event(lean),
  })
  return postJson(endpoint(options), body, { notes: truncation.notes })
}

function error({ status, body }: HttpResponse): ProviderError | undefined {
  const json = answerJson(body)
  const { errors } = (json ?? {}) as { errors?: readonly unknown[] }
  const text = [textIn(json, 'message'), ...(Array.isArray(errors) ? errors : [])].filter(Boolean).join(': ')
  return status >= 400 && text ? { codes: [], text } : undefined
}

/** Returns the reference only when it is a URL, because PagerDuty rejects other links. */
function links({ reference }: Message): object {
  return /^https?:\/\/\S+$/.test(reference) ? { links: [{ href: reference, text: 'Reference' }] } : {}
}

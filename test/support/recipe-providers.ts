/**
 * The products of the recipes: what each accepts, written by hand from its public description, and a receiver that
 * answers as the product does.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer } from './receiver.ts'
import {
  anyObject,
  type BodyTable,
  listOf,
  matching,
  oneOf,
  table,
  text,
  violations,
  type Wire,
} from './wire.ts'

export interface RecipeProvider {
  /** The request that the product accepts; without a body it accepts every JSON object. */
  readonly wire: Wire
  readonly accepts: Answer
  /** The answer to a request that it refuses. */
  readonly refuses: Answer
  /** The answer to a wrong credential; absent: the URL is the only credential. */
  readonly unauthorized?: Answer
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
const json = (status: number, body: unknown, headers = JSON_TYPE): Answer => ({
  status,
  headers,
  body: JSON.stringify(body),
})
const anyJson: BodyTable = { type: 'object' }
const optionalText = { type: 'string' }

export const PROVIDERS: Readonly<Record<string, RecipeProvider>> = {
  // InputAlert of thehive4py, the client of StrangeBee.
  thehive: {
    wire: {
      path: '/api/v1/alert',
      headers: { authorization: 'Bearer T0KEN-1', 'content-type': 'application/json' },
      body: table({
        type: text(),
        source: text(),
        sourceRef: text(),
        title: text(),
        description: text(),
        'severity?': oneOf(1, 2, 3, 4),
        'date?': { type: 'integer' },
        'externalLink?': optionalText,
        'tags?': listOf(text()),
        'flag?': { type: 'boolean' },
        'tlp?': oneOf(0, 1, 2, 3, 4),
        'pap?': oneOf(0, 1, 2, 3),
        'summary?': optionalText,
        'status?': text(),
        'caseTemplate?': text(),
      }),
    },
    accepts: json(201, { _id: '~41816', _type: 'Alert', type: 'signalbox', source: 'signalbox' }),
    refuses: json(400, { type: 'BadRequest', message: 'invalid input' }),
    unauthorized: json(401, { type: 'AuthenticationError', message: 'Authentication failure' }),
  },
  // CreateIncidentRequest of demisto-py, the client of Palo Alto Networks.
  xsoar: {
    wire: {
      path: '/xsoar/public/v1/incident',
      headers: { authorization: 'T0KEN-1', 'x-xdr-auth-id': 'T0KEN-2', 'content-type': 'application/json' },
      body: table({
        'name?': text(),
        'type?': text(),
        'severity?': oneOf(0, 0.5, 1, 2, 3, 4),
        'occurred?': matching('^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$'),
        'createInvestigation?': { type: 'boolean' },
        'details?': optionalText,
        'labels?': listOf(table({ type: text(), value: optionalText })),
        'owner?': text(),
        'rawJSON?': optionalText,
      }),
    },
    accepts: json(201, { id: '978', version: 1, name: 'New Alert', severity: 3 }),
    refuses: json(400, { id: 'bad_request', status: 400, title: 'Bad request' }),
    unauthorized: json(401, { err_code: 401, err_msg: 'Unauthorized' }),
  },
  // Swimlane documents the trigger and its authentication, but neither a form nor an answer.
  swimlane: {
    wire: { path: '/webhook/1', headers: { 'x-signalbox-key': 'T0KEN-1' }, body: anyJson },
    accepts: { status: 200 },
    refuses: { status: 400 },
    unauthorized: { status: 401 },
  },
  // NewAlert of rootly-py, the client of Rootly; JSON:API asks for its content type.
  rootly: {
    wire: {
      path: '/v1/alerts',
      headers: { authorization: 'Bearer T0KEN-1', 'content-type': 'application/vnd.api+json' },
      body: table({
        data: table({
          type: oneOf('alerts'),
          attributes: table({
            summary: text(),
            'description?': { type: ['string', 'null'] },
            'status?': oneOf('open', 'triggered'),
            'external_id?': { type: ['string', 'null'] },
            'external_url?': { type: ['string', 'null'] },
            'deduplication_key?': { type: ['string', 'null'] },
            'started_at?': matching('^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$'),
            'alert_urgency_id?': { type: ['string', 'null'] },
            'notification_target_type?': oneOf(
              'Group',
              'Service',
              'EscalationPolicy',
              'Functionality',
              'User',
            ),
            'notification_target_id?': { type: ['string', 'null'] },
            'labels?': listOf(table({ key: text(), value: { type: ['string', 'boolean', 'number'] } })),
            'data?': anyObject,
          }),
        }),
      }),
    },
    accepts: json(
      201,
      { data: { id: '7bfa', type: 'alerts', attributes: { summary: 'x' } } },
      { 'content-type': 'application/vnd.api+json; charset=utf-8' },
    ),
    refuses: json(422, { errors: [{ title: 'Summary cannot be blank', status: '422' }] }),
    unauthorized: json(401, { errors: [{ title: 'Unauthorized', status: '401' }] }),
  },
  // https://docs.firehydrant.com/docs/events-data-model
  firehydrant: {
    wire: {
      path: '/v1/process/T0KEN-1',
      headers: { 'content-type': 'application/json' },
      body: table({
        summary: text(),
        'body?': optionalText,
        'level?': oneOf('INFO', 'WARN', 'ERROR', 'FATAL', 0, 1, 2, 3),
        'status?': oneOf('OPEN', 'CLOSED', 0, 1),
        'idempotency_key?': text(255),
        'tags?': listOf(text()),
        'annotations?': anyObject,
        'links?': listOf(table({ href: optionalText, text: text() })),
        'images?': listOf(table({ src: text(), alt: text() })),
      }),
    },
    accepts: json(202, {}),
    refuses: json(400, { detail: 'invalid event' }),
  },
  // The formatted webhook of Grafana OnCall; its source limits the texts.
  'grafana-irm': {
    wire: {
      path: '/integrations/v1/formatted_webhook/T0KEN-1/',
      headers: { 'content-type': 'application/json' },
      body: table({
        alert_uid: text(),
        title: text(),
        'state?': oneOf('alerting', 'ok'),
        'link_to_upstream_details?': optionalText,
        'image_url?': optionalText,
        'message?': optionalText,
      }),
    },
    accepts: json(200, 'Ok.'),
    refuses: { status: 400, body: 'Payload is required' },
  },
  // https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/
  n8n: {
    wire: {
      path: '/webhook/1',
      headers: { 'x-signalbox-key': 'T0KEN-1' },
      maxBytes: 16 * 1024 * 1024,
      body: anyJson,
    },
    accepts: json(200, { message: 'Workflow was started' }),
    refuses: json(400, { message: 'bad request' }),
    unauthorized: { status: 403, body: 'Authorization data is wrong!' },
  },
  // handleWebhookCallback in the source of Shuffle.
  shuffle: {
    wire: { path: '/api/v1/hooks/webhook_1', headers: { 'x-signalbox-key': 'T0KEN-1' }, body: anyJson },
    accepts: { status: 200, body: '{"success": true, "execution_id": "26fb304f"}' },
    refuses: { status: 500, body: '{"success": false, "reason": "bad"}' },
    unauthorized: { status: 401, body: '{"success": false}' },
  },
}

export interface RunningProvider {
  readonly url: string
  /** What was wrong with each request; empty: the product accepted it. */
  readonly refusals: readonly (readonly string[])[]
  close(): Promise<void>
}

/** Answers as the product does, whatever comes. */
export async function startProvider(provider: RecipeProvider): Promise<RunningProvider> {
  const refusals: string[][] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '' } = request
      const headers = request.headers as Record<string, string>
      const body = Buffer.concat(chunks).toString()
      const wrong = violations(provider.wire, { method: method as 'POST', path, headers, body })
      refusals.push(wrong)
      const isForeign = wrong.some((each) => /^(?:header (?:authorization|x-)|path)/.test(each))
      const refusal = isForeign ? (provider.unauthorized ?? { status: 404 }) : provider.refuses
      const {
        status = 200,
        headers: answered = {},
        body: text = '',
      } = wrong.length > 0 ? refusal : provider.accepts
      response.writeHead(status, answered).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    refusals,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

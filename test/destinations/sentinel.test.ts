import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import sentinel from '../../src/destinations/sentinel.ts'
import { destinationContract } from '../contract/destination.ts'
import { listen } from '../support/aws.ts'
import { mostMessage } from '../support/message.ts'
import { onStage, previewBody } from '../support/stage.ts'
import { anyObject, listOf, oneOf, table, text } from '../support/wire.ts'

const asked: URLSearchParams[] = []
const entra = await listen(async (_request, body) => {
  asked.push(new URLSearchParams(body))
  return { status: 200, body: '{"access_token":"T0KEN-of-entra","expires_in":3599,"token_type":"Bearer"}' }
})
afterAll(() => entra.close())

const RULE = `dcr-${'0a'.repeat(16)}`
const OPTIONS = {
  ruleId: RULE,
  stream: 'Custom-SignalboxAlerts',
  transport: {
    oauth2: {
      tokenUrl: entra.url,
      clientId: '11111111-2222-3333-4444-555555555555',
      clientSecret: 'T0KEN-of-the-app',
      scope: 'https://monitor.azure.com/.default',
    },
  },
}
const PATH = `/dataCollectionRules/${RULE}/streams/Custom-SignalboxAlerts?api-version=2023-01-01`
const MAX_FIELD = { type: 'string', maxLength: 65_536 }

destinationContract('sentinel', {
  exact: [''],
  options: (endpoint) => ({ endpoint, ...OPTIONS }),
  accepts: { status: 204 },
  bodyless: (status) => status === 204,
  errorAnswer: ({ status, code, text: message }) => ({
    status: status ?? 400,
    body: JSON.stringify({ error: { code: code || 'OperationFailed', message } }),
  }),
  secrets: ['T0KEN-of-the-app', 'T0KEN-of-entra'],
  cuts: /context cut from \d+ to 65536 bytes/,
  unwrap: (body) => body.slice(1, -1),
  meanings: [
    [
      '204, accepted',
      { status: 204 },
      { result: 'delivered', message: '204: accepted by the data collection rule' },
    ],
    [
      'an application without the role',
      {
        status: 403,
        body: '{"error":{"code":"OperationFailed","message":"The authentication token provided does not have access to ingest data"}}',
      },
      { result: 'refused', scope: 'destination' },
    ],
    [
      'a rule that is not there',
      {
        status: 404,
        body: '{"error":{"code":"NotFound","message":"Data collection rule with immutable Id \'dcr-1\' not found."}}',
      },
      { result: 'refused', scope: 'destination' },
    ],
    [
      'a row that is too large',
      {
        status: 413,
        body: '{"error":{"code":"ContentLengthLimitExceeded","message":"Maximum allowed content length: 1048576 bytes (1 MB)."}}',
      },
      { result: 'refused', scope: 'delivery' },
    ],
    [
      'a limit of the rule',
      { status: 429, headers: { 'retry-after': '20' } },
      { result: 'retry', retryAfterMs: 20_000 },
    ],
  ],
  wires: [
    {
      path: PATH,
      maxBytes: 1_048_576,
      headers: { 'content-type': 'application/json' },
      body: listOf(
        table({
          TimeGenerated: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$' },
          AlertId: text(),
          AlertKind: text(),
          AlertTitle: MAX_FIELD,
          Severity: oneOf('INFO', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'),
          DetectionId: text(),
          DetectionName: MAX_FIELD,
          Description: MAX_FIELD,
          Runbook: MAX_FIELD,
          Reference: MAX_FIELD,
          Link: MAX_FIELD,
          Tags: listOf(text()),
          Context: { anyOf: [anyObject, MAX_FIELD] },
          DetectionVersion: { type: 'string' },
          DeliveryId: text(),
        }),
        { minItems: 1, maxItems: 1 },
      ) as Record<string, unknown>,
    },
  ],
})

const stage = onStage(sentinel, OPTIONS, 'endpoint')

it('an access token of the application is sent', async () => {
  const { outcome, requests } = await stage(false, { status: 204 })
  expect(outcome).toMatchObject({ result: 'delivered' })
  expect(requests[0]!.headers.authorization).toBe('Bearer T0KEN-of-entra')
  expect(Object.fromEntries(asked.at(-1)!)).toMatchObject({
    grant_type: 'client_credentials',
    scope: 'https://monitor.azure.com/.default',
  })
})

it('no column has a name that Azure Monitor reserves, and each has a valid one', () => {
  const [row] = previewBody(sentinel, {}, { endpoint: 'https://x', ...OPTIONS }) as unknown as object[]
  const reserved = ['_ResourceId', 'id', '_SubscriptionId', 'TenantId', 'Type', 'UniqueId', 'Title']
  const names = Object.keys(row!)
  expect(names.filter((name) => reserved.some((each) => each.toLowerCase() === name.toLowerCase()))).toEqual(
    [],
  )
  expect(names.filter((name) => !/^[A-Za-z]\w{0,44}$/.test(name))).toEqual([])
})

it('the data collection rule on the page has the columns of a row', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/destinations/sentinel.md'), 'utf8')
  const [, rule = ''] = /```json\n(\{\s+"kind": "Direct"[\s\S]*?)```/.exec(page) ?? []
  const { columns } = JSON.parse(rule).properties.streamDeclarations['Custom-SignalboxAlerts'] as {
    columns: { name: string }[]
  }
  const [row] = previewBody(sentinel, {}, { endpoint: 'https://x', ...OPTIONS }) as unknown as object[]
  expect(columns.map(({ name }) => name)).toEqual(Object.keys(row!))
})

it('the context has every digit, and one of more than 64 KB is sent as the beginning of its text', () => {
  const options = { endpoint: 'https://x', ...OPTIONS }
  const body = (message: Parameters<typeof previewRequest>[1]) =>
    (previewRequest(sentinel, message, options, '1.2.3') as { body: string }).body
  expect(JSON.stringify(previewBody(sentinel, {}, options))).toContain('"Context":{"n":53,')
  const [row] = JSON.parse(body(mostMessage())) as { Context: string }[]
  expect(Buffer.byteLength(row!.Context)).toBeLessThanOrEqual(65_536)
  expect(row!.Context).toMatch(/^\{"text":"👩/)
})

it('a registry without credentials for access tokens is refused', () => {
  const validate = new Ajv({ keywords: ['secret'], strict: true, strictRequired: false }).compile(
    sentinel.options,
  )
  const { transport, ...bare } = OPTIONS
  expect(validate({ endpoint: 'https://x', ...bare, transport })).toBe(true)
  expect(validate({ endpoint: 'https://x', ...bare })).toBe(false)
  expect(validate({ endpoint: 'https://x', ...bare, transport: { timeoutMs: 1_000 } })).toBe(false)
})

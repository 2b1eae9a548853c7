import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import pubsub from '../../src/destinations/pubsub.ts'
import { destinationContract } from '../contract/destination.ts'
import { listen } from '../support/aws.ts'
import { onStage, previewBody, sendSample } from '../support/stage.ts'
import { listOf, matching, table, text } from '../support/wire.ts'

const asked: URLSearchParams[] = []
const tokens = await listen(async (_request, body) => {
  asked.push(new URLSearchParams(body))
  return { status: 200, body: '{"access_token":"ya29.T0KEN","expires_in":3600,"token_type":"Bearer"}' }
})
afterAll(() => tokens.close())

const subject = join(mkdtempSync(join(tmpdir(), 'signalbox-pubsub-')), 'token')
writeFileSync(subject, 'the-token-of-somewhere-else')
const CREDENTIALS = JSON.stringify({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: tokens.url,
  credential_source: { file: subject },
})
const OPTIONS = { topic: 'projects/example/topics/alerts', credentials: CREDENTIALS }

destinationContract('pubsub', {
  options: (apiUrl) => ({ apiUrl, ...OPTIONS }),
  secrets: [CREDENTIALS],
  meanings: [
    [
      '200, published',
      { status: 200, body: '{"messageIds":["17"]}' },
      { result: 'delivered', message: '200: message 17' },
    ],
  ],
  unwrap: (body) => Buffer.from(JSON.parse(body).messages[0].data, 'base64').toString(),
  wires: [
    {
      path: '/v1/projects/example/topics/alerts:publish',
      maxBytes: 10_000_000,
      headers: { 'content-type': 'application/json' },
      body: table({
        messages: listOf(
          table({
            data: matching('^[A-Za-z0-9+/]+=*$'),
            attributes: table({
              severity: text(),
              detection: text(),
              alertId: text(),
              idempotencyKey: text(),
            }),
          }),
          { minItems: 1, maxItems: 1 },
        ),
      }),
    },
  ],
})

it('holds the notification with every digit', () => {
  const { messages } = previewBody(pubsub, {}, OPTIONS) as { messages: { data: string }[] }
  const told = Buffer.from(messages[0]!.data, 'base64').toString()
  expect(told).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
})

const stage = onStage(pubsub, OPTIONS)

it('signs in as it is told, and keeps the token while it is good', async () => {
  const answers = [200, 200].map((status) => ({ status, body: '{"messageIds":["1"]}' }))
  const before = asked.length
  const first = await stage(false, answers[0]!)
  const second = await stage(false, answers[1]!)
  expect(first.requests[0]!.headers.authorization).toBe('Bearer ya29.T0KEN')
  expect(second.outcome).toMatchObject({ result: 'delivered' })
  expect(asked.length - before).toBeLessThanOrEqual(1)
  expect(asked[0]!.get('subject_token')).toBe('the-token-of-somewhere-else')
  expect(asked[0]!.get('scope')).toContain('pubsub')
})

it('pauses with credentials that are none, and does not quote them', async () => {
  const options = { ...OPTIONS, credentials: '{"private_key":"T0KEN', apiUrl: 'http://127.0.0.1:9' }
  expect(await sendSample(pubsub, options)).toMatchObject({
    result: 'refused',
    scope: 'destination',
    message: 'the credentials are no JSON',
  })
})

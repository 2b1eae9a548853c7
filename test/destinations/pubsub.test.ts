import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import pubsub from '../../src/destinations/pubsub.ts'
import { destinationContract } from '../contract/destination.ts'
import { listen } from '../support/aws.ts'
import { withEnvironment } from '../support/environment.ts'
import { startProxy, startSecure } from '../support/proxy.ts'
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
  exact: [''],
  options: (apiUrl) => ({ apiUrl, ...OPTIONS }),
  accepts: { status: 200, body: '{"messageIds":["17"]}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ error: { code: 400, message: text, status: code } }),
  }),
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

it('the message is the notification with every digit', () => {
  const { messages } = previewBody(pubsub, {}, OPTIONS) as { messages: { data: string }[] }
  const data = Buffer.from(messages[0]!.data, 'base64').toString()
  expect(data).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
})

const stage = onStage(pubsub, OPTIONS)

it('the given credentials are used, and the token is kept while it is valid', async () => {
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

describe('a key of a service account', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const key = {
    type: 'service_account',
    client_email: 'signalbox@example.iam.gserviceaccount.com',
    private_key_id: 'a1b2c3',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: 'https://oauth2.googleapis.com/token',
  }
  const send = onStage(pubsub, { topic: OPTIONS.topic, credentials: JSON.stringify(key) })

  it('signs a token for this scope and an hour without a token request', async () => {
    const { outcome, requests } = await send(false, { status: 200, body: '{"messageIds":["1"]}' })
    expect(outcome).toMatchObject({ result: 'delivered' })
    const token = String(requests[0]!.headers.authorization).replace('Bearer ', '')
    const [head = '', claims = '', signature = ''] = token.split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect(read(head)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'a1b2c3' })
    const { iat, exp, ...rest } = read(claims)
    expect(rest).toEqual({
      iss: key.client_email,
      sub: key.client_email,
      scope: 'https://www.googleapis.com/auth/pubsub',
    })
    expect(exp - iat).toBe(3_600)
    const signed = Buffer.from(`${head}.${claims}`)
    expect(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  it('the destination pauses if Google no longer knows the key', async () => {
    const { outcome } = await send(false, { status: 401, body: '{"error":{"status":"UNAUTHENTICATED"}}' })
    expect(outcome).toMatchObject({ result: 'refused', scope: 'destination', status: 401 })
  })
})

describe('the machine itself', () => {
  const paths: string[] = []
  const metadata = listen(async ({ url = '' }) => {
    paths.push(url)
    const headers = { 'metadata-flavor': 'Google', 'content-type': 'application/json' }
    return { status: 200, headers, body: '{"access_token":"ya29.T0KEN","expires_in":3600}' }
  })
  const home = mkdtempSync(join(tmpdir(), 'signalbox-pubsub-'))
  withEnvironment({ GOOGLE_APPLICATION_CREDENTIALS: undefined, CLOUDSDK_CONFIG: home, HOME: home })
  beforeAll(async () => {
    process.env.GCE_METADATA_HOST = new URL((await metadata).url).host
  })
  afterAll(async () => {
    delete process.env.GCE_METADATA_HOST
    await (await metadata).close()
  })
  const send = onStage(pubsub, { topic: OPTIONS.topic })

  it('the metadata server is asked for a token if there are no other credentials', async () => {
    const { outcome, requests } = await send(false, { status: 200, body: '{"messageIds":["1"]}' })
    expect(outcome).toMatchObject({ result: 'delivered' })
    expect(requests[0]!.headers.authorization).toBe('Bearer ya29.T0KEN')
    expect(paths.some((path) => path.includes('/service-accounts/default/token'))).toBe(true)
  })
})

it.each([
  ['no JSON', '{"private_key":"T0KEN', 'the credentials are not valid JSON'],
  ['no key', '{"client_email":"a@b","private_key":"T0KEN"}', 'invalid private_key in the credentials'],
  [
    'incomplete',
    '{"type":"authorized_user"}',
    'the credentials have no client_email and are not an external account',
  ],
  [
    'a program',
    '{"type":"external_account","credential_source":{"executable":{"command":"rm"}}}',
    'credentials with an executable are not supported',
  ],
])('invalid credentials (%s) pause the destination and are not quoted', async (_, credentials, message) => {
  const options = { ...OPTIONS, credentials, apiUrl: 'http://127.0.0.1:9' }
  expect(await sendSample(pubsub, options)).toMatchObject({
    result: 'refused',
    scope: 'destination',
    message,
  })
})

it('fetches its token through the proxy of the destination', async () => {
  const proxy = await startProxy()
  let grants = 0
  const sts = await startSecure((body) => {
    grants += body.includes('grant_type') ? 1 : 0
    return '{"access_token":"ya29.T0KEN","expires_in":3600,"token_type":"Bearer"}'
  })
  const credentials = JSON.stringify({ ...JSON.parse(CREDENTIALS), token_url: sts.url })
  const ca = readFileSync(join(import.meta.dirname, '../support/tls/ca.pem'), 'utf8')
  const transport = { proxy: proxy.url, ca }
  const options = { ...OPTIONS, credentials, apiUrl: sts.url, transport }
  await sendSample(pubsub, options)
  expect(grants).toBe(1)
  expect(proxy.connected[0]).toBe(new URL(sts.url).host)
  await Promise.all([proxy.close(), sts.close()])
})

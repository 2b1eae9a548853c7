import { generateKeyPairSync } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import gcs from '../../src/destinations/gcs.ts'
import type { HttpRequest } from '../../src/model/ports.ts'
import { destinationContract } from '../contract/destination.ts'
import { listenForBytes } from '../support/aws.ts'
import { sampleMessage } from '../support/message.ts'
import { onStage, sendSample } from '../support/stage.ts'
import { anyObject } from '../support/wire.ts'

const privateKey = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey
const credentials = JSON.stringify({
  type: 'service_account',
  client_email: 'archive@example.iam.gserviceaccount.com',
  private_key: privateKey,
})
const OPTIONS = { bucket: 'soc-archive', credentials }
const KMS_KEY = 'projects/p/locations/l/keyRings/r/cryptoKeys/k'

const errorAnswer = ({ status = 400, code, text }: { status?: number; code: string; text: string }) => ({
  status,
  headers: { 'content-type': 'application/json; charset=UTF-8' },
  body: JSON.stringify({
    error: { code: status, message: text, errors: [{ domain: 'global', reason: code, message: text }] },
  }),
})
const STORED = { status: 200, body: '{"kind":"storage#object","name":"2026/01/01/d.json","generation":"1"}' }
const EXISTS = errorAnswer({
  status: 412,
  code: 'conditionNotMet',
  text: 'At least one of the pre-conditions you specified did not hold.',
})

destinationContract('gcs', {
  exact: [''],
  options: (apiUrl) => ({ ...OPTIONS, apiUrl, kmsKey: KMS_KEY }),
  accepts: STORED,
  errorAnswer,
  secrets: [credentials],
  wires: [
    {
      path: /^\/upload\/storage\/v1\/b\/soc-archive\/o\?uploadType=media&name=2026%2F01%2F01%2F[dk0-9a-f]{32}\.json&ifGenerationMatch=0&kmsKeyName=projects%2Fp%2F.*%2Fk$/,
      headers: { 'content-type': 'application/json' },
      body: anyObject,
    },
  ],
  meanings: [
    ['200, stored', STORED, { result: 'delivered', message: '200: stored as 2026/01/01/d.json' }],
    ['200 of something else', { status: 200, body: '{"kind":"x","name":"y"}' }, { result: 'retry' }],
    [
      '412, the object of an earlier attempt',
      EXISTS,
      { result: 'delivered', message: '412: an earlier attempt stored the object' },
    ],
    [
      '412 by a policy',
      errorAnswer({ status: 412, code: 'orgPolicyConstraintFailed', text: 'constraint' }),
      { result: 'refused', scope: 'destination' },
    ],
    ['412 of something in between', { status: 412, body: 'Precondition Failed' }, { result: 'refused' }],
    [
      'a bucket that is not there',
      errorAnswer({ status: 404, code: 'notFound', text: 'The specified bucket does not exist.' }),
      {
        result: 'refused',
        scope: 'destination',
        message: '404: notFound: The specified bucket does not exist. (the bucket)',
      },
    ],
    ['too many', errorAnswer({ status: 429, code: 'rateLimitExceeded', text: 'x' }), { result: 'retry' }],
    [
      'a right that is missing',
      errorAnswer({ status: 403, code: 'forbidden', text: 'no storage.objects.create access' }),
      { result: 'refused', scope: 'destination' },
    ],
  ],
})

const send = onStage(gcs, OPTIONS)

it('the request has a token of the account for Cloud Storage', async () => {
  const { outcome, requests } = await send(false, STORED)
  expect(outcome).toMatchObject({ result: 'delivered' })
  const [, claims = ''] = String(requests[0]!.headers.authorization).split('.')
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: 'archive@example.iam.gserviceaccount.com',
    scope: 'https://www.googleapis.com/auth/devstorage.read_write',
  })
})

/** What Google's own client for Node.js (`@googleapis/storage` 21.2.0) sent for `objects.insert` with these parameters. */
const OF_GOOGLES_CLIENT =
  'POST https://storage.googleapis.com/upload/storage/v1/b/soc-archive/o?name=a%2Fyear%3D2026%2Fmonth%3D01%2Fday%3D01%2F5f0c9b1d7e8a4c36b2f19d05a7c4e683.json.gz&ifGenerationMatch=0&contentEncoding=gzip&kmsKeyName=projects%2Fp%2Flocations%2Fl%2FkeyRings%2Fr%2FcryptoKeys%2Fk&uploadType=media'

it("the request is that of Google's own client", () => {
  const options = { ...OPTIONS, prefix: 'a', partition: 'hive', gzip: true, kmsKey: KMS_KEY }
  const preview = previewRequest(gcs, sampleMessage('soc'), options, '1.2.3')
  const { method, url, headers } = preview as HttpRequest
  const parametersOf = (text: string) => text.split(/[?&]/).sort()
  expect(parametersOf(`${method} ${url}`)).toEqual(parametersOf(OF_GOOGLES_CLIENT))
  expect(headers).toMatchObject({ 'content-type': 'application/json' })
  expect(headers).not.toHaveProperty('content-encoding')
})

it('a compressed object is the exact notification', async () => {
  const bodies: Buffer[] = []
  const server = await listenForBytes(async (_, body) => {
    bodies.push(body)
    return STORED
  })
  await sendSample(gcs, { ...OPTIONS, apiUrl: server.url, gzip: true })
  await server.close()
  expect(gunzipSync(bodies[0]!).toString()).toBe(sampleMessage('target').json)
})

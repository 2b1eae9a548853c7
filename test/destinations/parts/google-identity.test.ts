import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import gcs from '../../../src/destinations/gcs.ts'
import { forgetIdentities } from '../../../src/destinations/parts/credentials/google-identity.ts'
import pubsub from '../../../src/destinations/pubsub.ts'
import { withEnvironment } from '../../support/environment.ts'
import { onStage } from '../../support/stage.ts'

const file = join(mkdtempSync(join(tmpdir(), 'signalbox-google-')), 'credentials.json')
withEnvironment({ GOOGLE_APPLICATION_CREDENTIALS: file })
afterAll(forgetIdentities)

function storeKey(id: string): void {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  writeFileSync(
    file,
    JSON.stringify({
      type: 'service_account',
      client_email: 'machine@example.iam.gserviceaccount.com',
      private_key_id: id,
      private_key: privateKey,
    }),
  )
}

const REFUSED = { code: 401, message: 'invalid credentials', status: 'UNAUTHENTICATED' }

describe.each([
  [pubsub, { topic: 'projects/example/topics/alerts' }, { error: REFUSED }],
  [gcs, { bucket: 'soc-archive' }, { error: { ...REFUSED, errors: [{ reason: 'authError' }] } }],
])('$type', (type, options, answer) => {
  const send = onStage(type as never, options)
  const attempt = async (): Promise<[kid: string, result: object]> => {
    const { outcome, requests } = await send(false, { status: 401, body: JSON.stringify(answer) })
    const [head = ''] = String(requests.at(-1)!.headers.authorization).replace('Bearer ', '').split('.')
    return [JSON.parse(Buffer.from(head, 'base64url').toString()).kid, outcome]
  }

  it(`${type.type} reads the key of the machine again after the service has refused it`, async () => {
    forgetIdentities()
    storeKey('old')
    const first = await attempt()
    storeKey('new')
    const refused = { result: 'refused', scope: 'destination' }
    expect([first, await attempt()]).toMatchObject([
      ['old', refused],
      ['new', refused],
    ])
  })
})

import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect, it } from 'vitest'
import { signIamToken } from '../../../src/sources/kafka-topic/iam-token.ts'

const AT = new Date('2026-01-31T10:11:12.345Z')

/** The hash in the form that the library of AWS asks for. */
class Sha256 {
  #hash: Hash | Hmac
  readonly #secret: Uint8Array | undefined

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : Buffer.from(secret as Uint8Array)
    this.#hash = this.#create()
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(Buffer.from(data as Uint8Array))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    this.#hash = this.#create()
  }

  #create(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret)
  }
}

it.each([
  [{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/key' }],
  [{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/key', sessionToken: 'a+b/c==' }],
])('the token is the presigned URL that the library of AWS makes', async (credentials) => {
  const token = await signIamToken('eu-central-1', credentials, AT)
  expect(token).toMatch(/^[\w-]+$/)
  const url = new URL(Buffer.from(token, 'base64url').toString())
  const signer = new SignatureV4({
    service: 'kafka-cluster',
    region: 'eu-central-1',
    credentials,
    sha256: Sha256,
  })
  const expected = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: 'kafka.eu-central-1.amazonaws.com',
      path: '/',
      query: { Action: 'kafka-cluster:Connect' },
      headers: { host: 'kafka.eu-central-1.amazonaws.com' },
    },
    { signingDate: AT, expiresIn: 900 },
  )
  expect(url.host).toBe(expected.hostname)
  expect(Object.fromEntries(url.searchParams)).toEqual({ ...expected.query, 'User-Agent': 'signalbox' })
})

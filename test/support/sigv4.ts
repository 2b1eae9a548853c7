/**
 * Checks AWS Signature Version 4 as the service does. It is written from the documentation, without code of the
 * signer.
 */
import { createHash, createHmac } from 'node:crypto'

export interface SignedRequest {
  readonly method: string
  /** The path with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string | Uint8Array
}

/** Returns the fault of the signature; null if the service would accept it. */
export function signatureFault(request: SignedRequest, secretAccessKey: string): string | null {
  const header = String(request.headers.authorization ?? '')
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      header,
    )
  if (!parts) return `no signature: ${header}`
  const [, , date, region, service, signedNames, given] = parts as unknown as string[]
  const names = signedNames!.split(';')
  for (const needed of ['host', 'x-amz-date']) if (!names.includes(needed)) return `${needed} is not signed`
  const unsigned = Object.keys(request.headers).find(
    (name) => name.startsWith('x-amz-') && !names.includes(name),
  )
  if (unsigned) return `${unsigned} is not signed`
  // S3 requires the hash of the body in a header.
  if (service === 's3' && request.headers['x-amz-content-sha256'] !== sha256(request.body))
    return 'XAmzContentSHA256Mismatch'
  const [path = '', query = ''] = request.path.split('?')
  const canonical = [
    request.method,
    path,
    query.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    names.join(';'),
    sha256(request.body),
  ].join('\n')
  const time = String(request.headers['x-amz-date'])
  const scope = `${date}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part!).digest(),
    `AWS4${secretAccessKey}`,
  )
  const expected = createHmac('sha256', key).update(text).digest('hex')
  return expected === given ? null : 'SignatureDoesNotMatch'
}

function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

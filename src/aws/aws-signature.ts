/** Signs requests to AWS. */
import { wireBody } from '../core/wire-body.ts'
import { isError, messageOf, PermanentError, RetryableError } from '../errors.ts'
import type { HttpRequest, SendRequest } from '../model/ports.ts'
import { type AwsCredentials, type AwsOptions, awsCredentials } from './aws-credentials.ts'
import { environmentRegion, withRegion } from './aws-region.ts'

/** @param known the region, if the options contain it. */
export async function signAws(
  request: HttpRequest,
  service: string,
  known: string | undefined,
  options: AwsOptions,
  send: SendRequest,
): Promise<HttpRequest> {
  const region = known ?? (await environmentRegion(options.profile))
  const { accessKeyId, secretAccessKey, sessionToken } = await requireCredentials(options, region, send)
  const { AwsV4Signer } = await import('aws4fetch')
  const regional = withRegion(request, region)
  const { method, url, headers } = regional
  const signer = new AwsV4Signer({
    method,
    url,
    headers: { ...headers },
    body: wireBody(regional),
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    service,
    region,
  })
  const signed = await signer.sign()
  return { ...regional, headers: Object.fromEntries(signed.headers) }
}

/** Throws a permanent error when access is denied or there are no credentials at all; other failures may be temporary. */
async function requireCredentials(
  options: AwsOptions,
  region: string,
  send: SendRequest,
): Promise<AwsCredentials> {
  try {
    return await awsCredentials(options, region, send)
  } catch (cause) {
    if (isError(cause, 'permanent')) throw cause
    const { name = '', $metadata = {} } = cause as { name?: string; $metadata?: { httpStatusCode?: number } }
    const refused =
      name === 'AccessDenied' ||
      $metadata.httpStatusCode === 403 ||
      /could not load credentials from any providers/i.test(messageOf(cause))
    const message = `no AWS credentials: ${messageOf(cause)}`
    throw refused
      ? new PermanentError(message, { scope: 'destination', cause })
      : new RetryableError(message, { cause })
  }
}

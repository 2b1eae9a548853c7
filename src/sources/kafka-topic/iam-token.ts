/** A token of OAUTHBEARER for clusters of Amazon MSK: a presigned URL of the action kafka-cluster:Connect. */
import { type AwsOptions, awsCredentials } from '../../aws/aws-credentials.ts'
import { sendAwsRequest } from '../../aws/aws-fetch.ts'
import { environmentRegion } from '../../aws/aws-region.ts'
import { isError, messageOf, RetryableError, UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'

export const IAM_OPTIONS = ['region', 'profile', 'roleArn', 'externalId'] as const

const TOKEN_SECONDS = 900
const CALL_TIMEOUT_MS = 15_000
const SERVICE = 'kafka-cluster'
/** The region in the name of a broker such as b-1.soc.abc.c2.kafka.eu-central-1.amazonaws.com. */
const REGION = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.[a-z0-9.]+$/i
const NO_CREDENTIALS = /could not load credentials from any providers/i

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export async function createIamToken({ name, options }: SourceSpec, host: string): Promise<string> {
  const aws: AwsOptions = options
  const send = (request: Parameters<typeof sendAwsRequest>[0]) =>
    sendAwsRequest(request, AbortSignal.timeout(CALL_TIMEOUT_MS))
  try {
    const region = options.region ?? REGION.exec(host)?.[1] ?? (await environmentRegion(options.profile))
    return await signIamToken(region, await awsCredentials(aws, region, send))
  } catch (cause) {
    const message = `${name}: no token of AWS: ${messageOf(cause)}`
    if (!isError(cause, 'permanent') && !NO_CREDENTIALS.test(messageOf(cause)))
      throw new RetryableError(message, { cause })
    throw new UserError(message, {
      code: 'refused-source',
      hint: 'set the credentials and the region of the environment, or profile and region',
      cause,
    })
  }
}

/** @param at the time of the signature; absent: now. */
export async function signIamToken(region: string, credentials: Credentials, at?: Date): Promise<string> {
  const { AwsV4Signer } = await import('aws4fetch')
  const url = new URL(`https://kafka.${region}.amazonaws.com/`)
  url.searchParams.set('Action', 'kafka-cluster:Connect')
  url.searchParams.set('X-Amz-Expires', String(TOKEN_SECONDS))
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const signer = new AwsV4Signer({
    method: 'GET',
    url: url.href,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: SERVICE,
    region,
    signQuery: true,
    ...(at !== undefined && { datetime: at.toISOString().replace(/[-:]|\.\d{3}/g, '') }),
  })
  const signed = await signer.sign()
  // The broker does not check what stands behind the signature.
  return Buffer.from(`${signed.url.href}&User-Agent=signalbox`).toString('base64url')
}

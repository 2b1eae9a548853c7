/**
 * The shared parts of the AWS types: options, credentials from the official SDK, and signatures.
 * The SDK is large, so it is loaded with the first signed request.
 */

import { wireBody } from '../../core/wire-body.ts'
import { isError, messageOf, PermanentError, RetryableError } from '../../errors.ts'
import type { HttpRequest, Transport } from '../../model/ports.ts'
import type { SendRequest } from '../_destination.ts'
import { createAwsHandler } from './credentials/aws-http.ts'
import { environmentRegion, withRegion } from './credentials/aws-region.ts'
import { text } from './option-forms.ts'

export interface AwsOptions {
  readonly region?: string
  readonly profile?: string
  readonly roleArn?: string
  readonly externalId?: string
  readonly endpoint?: string
  /** Credentials are fetched by it, too. */
  readonly transport?: Transport
}

export const AWS_DEPENDENCIES = { externalId: ['roleArn'] } as const

export const AWS_PROPERTIES = {
  region: text(
    'The region, if the address does not contain it; by default that of the environment (`AWS_REGION`, `AWS_DEFAULT_REGION`), else that of the profile.',
    'eu-central-1',
  ),
  profile: text('A profile of the shared configuration files, in place of the usual chain.', 'soc'),
  roleArn: text('A role to assume with the credentials found.', 'arn:aws:iam::123456789012:role/signalbox', {
    pattern: '^arn:aws[\\w-]*:iam::\\d{12}:role/.+$',
  }),
  externalId: text('External id that the role asks for.', 'soc-42'),
  endpoint: {
    type: 'string',
    pattern: '^https?://',
    examples: ['https://vpce-0a1b.sqs.eu-central-1.vpce.amazonaws.com'],
    description: 'Another URL of the service, for example that of a VPC endpoint.',
  },
} as const

/** Credentials are renewed this long before they expire. */
const REFRESH_BEFORE_MS = 10 * 60_000

interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

interface CachedCredentials {
  readonly credentials: AwsCredentials
  readonly expiresAt: number
  /** The origin of the credentials, for messages. */
  readonly source: string
}
const credentialCache = new Map<string, Promise<CachedCredentials>>()

/** The next request finds credentials again. */
export function forgetCredentials(): void {
  credentialCache.clear()
}

/** Finds credentials once for all destinations with the same options, and again before they expire. */
export async function awsCredentials(
  options: AwsOptions,
  region: string,
  send: SendRequest,
): Promise<AwsCredentials> {
  return (await findCredentials(options, region, send)).credentials
}

async function findCredentials(
  options: AwsOptions,
  region: string,
  send: SendRequest,
): Promise<CachedCredentials> {
  const { profile, roleArn, externalId, transport } = options
  const key = JSON.stringify([profile, roleArn, externalId, region, transport])
  const known = await credentialCache.get(key)?.catch(() => undefined)
  if (known && known.expiresAt > Date.now()) return known
  const looking = loadCredentials(options, region, send)
  credentialCache.set(key, looking)
  return looking
}

async function loadCredentials(
  { profile, roleArn, externalId }: AwsOptions,
  region: string,
  send: SendRequest,
): Promise<CachedCredentials> {
  const sdk = await import('@aws-sdk/credential-providers')
  const clientConfig = { region, requestHandler: createAwsHandler(send) as never }
  // The SDK keeps the shared files as it first read them.
  const chainOptions = { ...(profile && { profile }), clientConfig, ignoreCache: true }
  const provide = sdk.fromNodeProviderChain(chainOptions)
  let source = ''
  const chain = async () => {
    const given = await provide()
    source = sourceOf(given)
    return given
  }
  const params = {
    RoleArn: roleArn!,
    RoleSessionName: 'signalbox',
    ...(externalId && { ExternalId: externalId }),
  }
  const provider = roleArn
    ? sdk.fromTemporaryCredentials({ masterCredentials: chain, params, clientConfig })
    : chain
  const credentials = await provider()
  const expires = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY
  const assumed = roleArn ? `, by which the role ${roleArn} was assumed` : ''
  return { credentials, expiresAt: expires - REFRESH_BEFORE_MS, source: `${source}${assumed}` }
}

export async function awsIdentity(
  options: AwsOptions,
  known: string | undefined,
  send: SendRequest,
): Promise<string> {
  const region = known ?? (await environmentRegion(options.profile))
  return `AWS credentials for ${region} from ${(await findCredentials(options, region, send)).source}`
}

/** The marks of the SDK on credentials; only those of instance metadata have none. */
const CREDENTIAL_SOURCES: readonly [mark: RegExp, link: string][] = [
  [/WEB_ID/, 'a web identity'],
  [/SSO|LOGIN/, 'a sign-in of AWS (SSO)'],
  [/PROCESS/, 'a process that a profile names'],
  [/PROFILE/, 'a profile of the shared files'],
  [/ENV_VARS/, 'the environment'],
  [/HTTP/, 'the container'],
]

function sourceOf(credentials: AwsCredentials): string {
  const { $source = {} } = credentials as { $source?: Readonly<Record<string, string>> }
  const marks = Object.keys($source).join(' ')
  return CREDENTIAL_SOURCES.find(([mark]) => mark.test(marks))?.[1] ?? 'the metadata of the instance'
}

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

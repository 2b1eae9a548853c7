/** Finds credentials of AWS by the official SDK. The SDK is large, so it is loaded with the first signed request. */
import type { SendRequest, Transport } from '../model/ports.ts'
import { createAwsHandler } from './aws-http.ts'
import { environmentRegion } from './aws-region.ts'

export interface AwsOptions {
  readonly region?: string
  readonly profile?: string
  readonly roleArn?: string
  readonly externalId?: string
  readonly endpoint?: string
  /** Credentials are fetched by it, too. */
  readonly transport?: Transport
}

/** Credentials are renewed this long before they expire. */
const REFRESH_BEFORE_MS = 10 * 60_000

export interface AwsCredentials {
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

/** The identity by which Google's services are called: a service account, workload identity federation, or the machine. */
import { createPrivateKey } from 'node:crypto'
import { isError, messageOf, PermanentError, RetryableError } from '../../../errors.ts'
import type { HttpRequest, Transport } from '../../../model/ports.ts'
import type { SendRequest } from '../../_destination.ts'
import { createGoogleFetch } from './google-http.ts'

export interface GoogleOptions {
  readonly credentials?: string
  /** Credentials are fetched by it, too. */
  readonly transport?: Transport
}

interface Identity {
  getRequestHeaders(): Promise<Headers>
}
/** The library caches tokens and renews them in time. */
const identities = new Map<string, Promise<Identity>>()

/** The next request looks for the identity again: a service refused its token, and another key may have taken its place. */
export function forgetIdentities(): void {
  identities.clear()
}

/** Adds the token of the identity to the request. */
export async function authorizeByGoogle(
  request: HttpRequest,
  scope: string,
  options: GoogleOptions,
  send: SendRequest,
): Promise<HttpRequest> {
  const headers = await authorizationHeaders(scope, options, send)
  return { ...request, headers: { ...request.headers, ...headers } }
}

async function authorizationHeaders(
  scope: string,
  { credentials = '', transport }: GoogleOptions,
  send: SendRequest,
): Promise<Record<string, string>> {
  const key = JSON.stringify([scope, credentials, transport])
  let identity = identities.get(key)
  if (!identity) {
    identity = identityOf(credentials, scope, send)
    identities.set(key, identity)
  }
  try {
    return Object.fromEntries(await (await identity).getRequestHeaders())
  } catch (cause) {
    identities.delete(key)
    if (isError(cause, 'permanent')) throw cause
    throw refused(cause)
      ? new PermanentError(`no Google credentials: ${messageOf(cause)}`, { scope: 'destination', cause })
      : new RetryableError(`no Google credentials: ${messageOf(cause)}`, { cause })
  }
}

/** Creates the identity of a service account or of workload identity federation, or otherwise that of the machine. */
async function identityOf(credentials: string, scope: string, send: SendRequest): Promise<Identity> {
  const { AwsClient, GoogleAuth, IdentityPoolClient, JWT } = await import('google-auth-library')
  const transporterOptions = { fetchImplementation: createGoogleFetch(send) }
  if (!credentials) {
    const machine = new GoogleAuth({ scopes: [scope], clientOptions: { transporterOptions } })
    machine.useJWTAccessWithScope = true
    return machine
  }
  const key = keyOf(credentials)
  if (key.type === 'external_account') {
    const { environment_id, executable } = key.credential_source ?? {}
    if (executable !== undefined) throw invalidCredentials('credentials with an executable are not supported')
    const options = { ...key, scopes: [scope], transporterOptions } as never
    const client = environment_id === undefined ? new IdentityPoolClient(options) : new AwsClient(options)
    // The library exchanges tokens by a connection of its own, which ignores the options of the client.
    const { stsCredential } = client as unknown as { stsCredential: object }
    Object.assign(stsCredential, { transporter: client.transporter })
    return client
  }
  const { client_email: email, private_key_id: keyId } = key
  if (!email) throw invalidCredentials('the credentials have no client_email and are not an external account')
  const jwt = new JWT({ email, key: privateKeyOf(key), ...(keyId && { keyId }), scopes: [scope] })
  // Google's services accept a token that the key itself signed, so no token request is needed.
  jwt.useJWTAccessWithScope = true
  return jwt
}

/** The error has no cause, because the cause may contain the key. */
const invalidCredentials = (message: string) => new PermanentError(message, { scope: 'destination' })

interface Key {
  readonly type?: string
  readonly client_email?: string
  readonly private_key?: string
  readonly private_key_id?: string
  readonly credential_source?: { readonly environment_id?: string; readonly executable?: unknown }
}

function keyOf(credentials: string): Key {
  try {
    return JSON.parse(credentials) as Key
  } catch {
    throw invalidCredentials('the credentials are not valid JSON')
  }
}

function privateKeyOf({ private_key = '' }: Key): string {
  try {
    createPrivateKey(private_key)
    return private_key
  } catch {
    throw invalidCredentials('invalid private_key in the credentials')
  }
}

function refused(cause: unknown): boolean {
  const { status, response } = (cause ?? {}) as { status?: unknown; response?: { status?: unknown } }
  const code = Number(status ?? response?.status)
  return (
    (code >= 400 && code < 500 && code !== 429) ||
    /could not load the default credentials/i.test(messageOf(cause))
  )
}

/** Google Cloud Pub/Sub: publishes the notification to a topic, with credentials as Google's own library finds them. */
import { createPrivateKey } from 'node:crypto'
import { isError, messageOf, PermanentError, RetryableError } from '../errors.ts'
import type { HttpRequest, Transport } from '../model/ports.ts'
import { defineDestination, type SendRequest } from './_destination.ts'
import { file } from './_options.ts'
import { createGoogleFetch } from './parts/credentials/google-http.ts'
import { GOOGLE_RULES, googleError } from './parts/google-answers.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { notificationWithin } from './parts/notification-size.ts'
import { apiUrl, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface PubSubOptions {
  readonly topic: string
  readonly credentials?: string
  readonly apiUrl?: string
  /** Credentials are fetched by it, too. */
  readonly transport?: Transport
}

const MESSAGE_LIMIT_BYTES = 7_000_000
const SCOPE = 'https://www.googleapis.com/auth/pubsub'
const API = 'https://pubsub.googleapis.com'

export default defineDestination<PubSubOptions>({
  type: 'pubsub',
  summary: 'a message to a Google Cloud Pub/Sub topic',
  rate: { documented: 'Pub/Sub accepts far more messages than alerts need.' },
  templates: ['payload'],
  options: {
    type: 'object',
    required: ['topic'],
    properties: {
      topic: text('The topic.', 'projects/example/topics/alerts', {
        pattern: '^projects/[^/]+/topics/[^/]+$',
      }),
      credentials: {
        type: 'string',
        minLength: 1,
        secret: true,
        examples: [file('secrets/pubsub.json')],
        description:
          "JSON of a service account's key or of workload identity federation; else the application default credentials.",
      },
      apiUrl: apiUrl(API, 'Base URL of the API; regions have their own.', [
        'https://europe-west3-pubsub.googleapis.com',
      ]),
    },
    additionalProperties: false,
  },
  request(message, { topic, apiUrl: base = API }) {
    const truncation = new Truncation()
    const { severity, id, alertId } = message.notification
    const data = notificationWithin(message, truncation, MESSAGE_LIMIT_BYTES)
    const attributes = { severity, detection: id, alertId, idempotencyKey: message.idempotencyKey }
    const body = { messages: [{ data: Buffer.from(data).toString('base64'), attributes }] }
    return postJson(joinUrl(base, `v1/${topic}:publish`), body, { notes: truncation.notes })
  },
  answers: {
    provider: 'Google Cloud Pub/Sub',
    success: [{ status: [200], field: 'messageIds.0', receipt: (id) => `message ${id}` }],
    error: googleError,
    rules: GOOGLE_RULES,
    unlisted: 'pause',
  },
  sign: async (request: HttpRequest, options: PubSubOptions, _signal, send) => ({
    ...request,
    headers: { ...request.headers, ...(await authorizationHeaders(options, send)) },
  }),
})

interface Identity {
  getRequestHeaders(): Promise<Headers>
}
/** The library caches tokens and renews them in time. */
const identities = new Map<string, Promise<Identity>>()

async function authorizationHeaders(
  { credentials = '', transport }: PubSubOptions,
  send: SendRequest,
): Promise<Record<string, string>> {
  const key = JSON.stringify([credentials, transport])
  let identity = identities.get(key)
  if (!identity) {
    identity = identityOf(credentials, send)
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
async function identityOf(credentials: string, send: SendRequest): Promise<Identity> {
  const { AwsClient, GoogleAuth, IdentityPoolClient, JWT } = await import('google-auth-library')
  const transporterOptions = { fetchImplementation: createGoogleFetch(send) }
  if (!credentials) {
    const machine = new GoogleAuth({ scopes: [SCOPE], clientOptions: { transporterOptions } })
    machine.useJWTAccessWithScope = true
    return machine
  }
  const key = keyOf(credentials)
  if (key.type === 'external_account') {
    const { environment_id, executable } = key.credential_source ?? {}
    if (executable !== undefined) throw invalidCredentials('credentials with an executable are not supported')
    const options = { ...key, scopes: [SCOPE], transporterOptions } as never
    const client = environment_id === undefined ? new IdentityPoolClient(options) : new AwsClient(options)
    // The library exchanges tokens by a connection of its own, which ignores the options of the client.
    const { stsCredential } = client as unknown as { stsCredential: object }
    Object.assign(stsCredential, { transporter: client.transporter })
    return client
  }
  const { client_email: email, private_key_id: keyId } = key
  if (!email) throw invalidCredentials('the credentials have no client_email and are not an external account')
  const jwt = new JWT({ email, key: privateKeyOf(key), ...(keyId && { keyId }), scopes: [SCOPE] })
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

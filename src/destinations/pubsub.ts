/** Google Cloud Pub/Sub: publishes the notification to a topic, with credentials as Google's own library finds them. */
import { isError, messageOf, PermanentError, RetryableError } from '../errors.ts'
import type { HttpRequest, HttpResponse } from '../model/ports.ts'
import { defineDestination, type Receipt } from './_destination.ts'
import { Fit } from './_fit.ts'
import { answerJson, below, postJson } from './_http.ts'
import { notificationWithin } from './_notification.ts'
import { apiUrl, text } from './_option-forms.ts'
import { file } from './_options.ts'

interface PubSubOptions {
  readonly topic: string
  readonly credentials?: string
  readonly apiUrl?: string
}

const MESSAGE_LIMIT_BYTES = 7_000_000
const SCOPE = 'https://www.googleapis.com/auth/pubsub'
const API = 'https://pubsub.googleapis.com'

export default defineDestination<PubSubOptions>({
  type: 'pubsub',
  summary: 'a message to a Google Cloud Pub/Sub topic',
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
      apiUrl: apiUrl(API, 'Where the API is; regions have their own.', [
        'https://europe-west3-pubsub.googleapis.com',
      ]),
    },
    additionalProperties: false,
  },
  request(message, { topic, apiUrl: base = API }) {
    const fit = new Fit()
    const { severity, id, alertId } = message.notification
    const data = notificationWithin(message, fit, MESSAGE_LIMIT_BYTES)
    const attributes = { severity, detection: id, alertId, idempotencyKey: message.idempotencyKey }
    const body = { messages: [{ data: Buffer.from(data).toString('base64'), attributes }] }
    return postJson(below(base, `v1/${topic}:publish`), body, { notes: fit.notes })
  },
  receipt,
  sign: async (request: HttpRequest, options: PubSubOptions) => ({
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${await accessToken(options)}` },
  }),
})

function receipt({ status, body }: HttpResponse): Receipt | undefined {
  const { messageIds } = (answerJson(body) ?? {}) as { messageIds?: readonly unknown[] }
  const id = Array.isArray(messageIds) ? String(messageIds[0]) : ''
  return status === 200 && id ? { status, message: `200: message ${id}` } : undefined
}

interface TokenSource {
  getAccessToken(): Promise<string | null | undefined | { token?: string | null }>
}
/** The library keeps tokens and fetches them anew in time. */
const sources = new Map<string, Promise<TokenSource>>()

async function accessToken({ credentials = '' }: PubSubOptions): Promise<string> {
  let source = sources.get(credentials)
  if (!source) {
    source = tokenSource(credentials)
    sources.set(credentials, source)
  }
  try {
    const got = await (await source).getAccessToken()
    const token = typeof got === 'object' ? got?.token : got
    if (token) return token
    throw new RetryableError('Google gave no access token')
  } catch (cause) {
    sources.delete(credentials)
    if (isError(cause, 'permanent') || isError(cause, 'retryable')) throw cause
    throw refused(cause)
      ? new PermanentError(`no Google credentials: ${messageOf(cause)}`, { scope: 'destination', cause })
      : new RetryableError(`no Google credentials: ${messageOf(cause)}`, { cause })
  }
}

/** A key of a service account, or what federates another identity; without either the machine's own. */
async function tokenSource(credentials: string): Promise<TokenSource> {
  const { ExternalAccountClient, GoogleAuth, JWT } = await import('google-auth-library')
  if (!credentials) return new GoogleAuth({ scopes: [SCOPE] })
  const key = keyOf(credentials)
  if (key.type !== 'external_account')
    return new JWT({ email: key.client_email, key: key.private_key, scopes: [SCOPE] })
  const client = ExternalAccountClient.fromJSON({ ...key, scopes: [SCOPE] } as never)
  if (client) return client
  throw new PermanentError('the credentials are not those of an external account', { scope: 'destination' })
}

interface Key {
  readonly type?: string
  readonly client_email?: string
  readonly private_key?: string
}

/** Without a cause: the parser's own error quotes the key. */
function keyOf(credentials: string): Key {
  try {
    return JSON.parse(credentials) as Key
  } catch {
    throw new PermanentError('the credentials are no JSON', { scope: 'destination' })
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

/** Access tokens of OAuth 2.0: fetched by a grant, kept until shortly before they expire. */
import { createPrivateKey, sign } from 'node:crypto'
import { basicAuth } from '../../../core/basic-auth.ts'
import { textAt } from '../../../core/json-path.ts'
import { PermanentError, RetryableError } from '../../../errors.ts'
import type { SendRequest } from '../../_destination.ts'

/** The settings of one grant: client credentials, or with a refresh token or a service account in place of them. */
export interface TokenSettings {
  readonly tokenUrl: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly clientAuthentication?: 'body' | 'basic'
  readonly scope?: string
  readonly audience?: string
  readonly refreshToken?: string
  /** JSON of a Google service account's key, which acts for `subject`. */
  readonly serviceAccount?: string
  readonly subject?: string
}

interface CachedToken {
  readonly token: string
  readonly expiresAt: number
}

/** Used when the answer names no time (RFC 6749, 5.1, only recommends it). */
const DEFAULT_TTL_MS = 5 * 60_000
const REFRESH_BEFORE_MS = 60_000
const ASSERTION_TTL_SECONDS = 3_600
const MAX_TOKENS = 256
const tokens = new Map<string, Promise<CachedToken>>()

/** @param owner what else decides who gets the token: destinations with another transport do not share it. */
export async function accessToken(
  settings: TokenSettings,
  owner: unknown,
  send: SendRequest,
): Promise<string> {
  const key = keyOf(settings, owner)
  const known = await tokens.get(key)?.catch(() => undefined)
  if (known && known.expiresAt > Date.now()) return known.token
  const fetched = fetchToken(settings, send)
  tokens.delete(key)
  tokens.set(key, fetched)
  const [oldest] = tokens.keys()
  if (tokens.size > MAX_TOKENS && oldest !== undefined) tokens.delete(oldest)
  return (await fetched).token
}

/** The next call fetches a token again: the server refused this one. */
export async function forgetToken(settings: TokenSettings, owner: unknown, refused: string): Promise<void> {
  const key = keyOf(settings, owner)
  const known = await tokens.get(key)?.catch(() => undefined)
  if (known?.token === refused) tokens.delete(key)
}

function keyOf(settings: TokenSettings, owner: unknown): string {
  return JSON.stringify([settings, owner])
}

async function fetchToken(settings: TokenSettings, send: SendRequest): Promise<CachedToken> {
  const { tokenUrl, clientAuthentication = 'body', clientId = '', clientSecret } = settings
  const startedAt = Date.now()
  const usesBasic = clientAuthentication === 'basic' && clientSecret !== undefined
  const answer = await send({
    method: 'POST',
    url: tokenUrl,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      // RFC 6749, 2.3.1: both parts are encoded as in a form.
      ...(usesBasic && { authorization: basicAuth(formEncoded(clientId), formEncoded(clientSecret)) }),
    },
    body: new URLSearchParams(grantOf(settings, startedAt, usesBasic)).toString(),
  })
  const token = textAt(answer.body, 'access_token')
  if (answer.status === 200 && token) {
    const seconds = Number(textAt(answer.body, 'expires_in'))
    const ttlMs = seconds > 0 ? seconds * 1_000 : DEFAULT_TTL_MS
    return { token, expiresAt: startedAt + ttlMs - Math.min(REFRESH_BEFORE_MS, ttlMs / 2) }
  }
  throw refusal(tokenUrl, answer.status, textAt(answer.body, 'error'))
}

/** The message holds only the code of the error, because the rest of the answer may quote the request. */
function refusal(tokenUrl: string, status: number, error: string): RetryableError | PermanentError {
  const code = /^[\w.-]{1,64}$/.test(error) ? ` ${error}` : ''
  const message = `no access token: ${URL.parse(tokenUrl)?.host ?? 'the token URL'} answered ${status}${code}`
  const isRefused = status >= 400 && status < 500 && ![408, 425, 429].includes(status)
  return isRefused
    ? new PermanentError(message, { status, scope: 'destination' })
    : new RetryableError(message, { status })
}

function grantOf(settings: TokenSettings, now: number, usesBasic: boolean): Record<string, string> {
  const { clientId, clientSecret, scope, audience, refreshToken, serviceAccount } = settings
  if (serviceAccount !== undefined) {
    return {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: assertionOf(settings, serviceAccount, now),
    }
  }
  return {
    grant_type: refreshToken === undefined ? 'client_credentials' : 'refresh_token',
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(!usesBasic && clientId !== undefined && { client_id: clientId }),
    ...(!usesBasic && clientSecret !== undefined && { client_secret: clientSecret }),
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
  }
}

/** Signs the claim of a service account (RFC 7523). */
function assertionOf(
  { tokenUrl, scope, subject }: TokenSettings,
  serviceAccount: string,
  now: number,
): string {
  const issuedAt = Math.floor(now / 1_000)
  try {
    const { client_email: iss, private_key: key } = JSON.parse(serviceAccount) as Record<string, string>
    if (!iss || !key) throw new Error()
    const claims = {
      iss,
      sub: subject,
      scope,
      aud: tokenUrl,
      iat: issuedAt,
      exp: issuedAt + ASSERTION_TTL_SECONDS,
    }
    const text = [{ alg: 'RS256', typ: 'JWT' }, claims].map(base64Json).join('.')
    return `${text}.${sign('sha256', Buffer.from(text), createPrivateKey(key)).toString('base64url')}`
  } catch {
    // The error has no cause, because the cause may contain the key.
    throw new PermanentError('serviceAccount is not the JSON of a service account with a valid key', {
      scope: 'destination',
    })
  }
}

function base64Json(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length)
}

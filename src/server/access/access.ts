/** Authorizes requests to the API and the console: by a token, by a trusted proxy, or from a program on this machine. */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { tokenDigest } from '../../core/token-digest.ts'
import { includesRole, type Role } from '../../model/project/api-settings.ts'
import { isLoopback, nameOf } from './host-names.ts'

/** A token as the server knows it. */
export interface AccessToken {
  readonly name: string
  readonly role: Role
  /** The SHA-256 of the token. */
  readonly digest: Buffer
  /** Epoch ms; null: it does not end. */
  readonly expiresAt: number | null
}

export interface TrustedProxy {
  /** The name in lower case. */
  readonly header: string
  readonly role: 'viewer' | 'operator'
  readonly isTrusted: (address: string) => boolean
}

export interface AccessRules {
  readonly tokens: readonly AccessToken[]
  readonly proxy: TrustedProxy | null
}

export const NO_RULES: AccessRules = { tokens: [], proxy: null }

export interface AccessOptions {
  /** The address on which the server listens. */
  readonly host: string
  /** A reload changes the rules. */
  readonly rules: () => AccessRules
  /** Reads the token of `--http-token-file`, which has the role `ingest`; null: there is none. */
  readonly ingestToken: () => string | null
  /** Epoch ms. */
  readonly now: () => number
}

/** What is needed of a request; Fastify's has all of it. */
export interface AccessRequest {
  readonly headers: IncomingHttpHeaders
  /** The address of the other end of the connection. */
  readonly ip: string
}

export interface Caller {
  /** The name of the token or the person, which the audit keeps. */
  readonly name: string
  readonly role: Role
  readonly by: 'token' | 'proxy' | 'loopback'
}

export interface Refusal {
  readonly status: 401 | 403
  readonly error: string
  readonly hint: string
}

export type Authorization = { readonly caller: Caller } | { readonly refusal: Refusal }

export interface Access {
  /** Finds who makes the request, and checks that the caller has the role. */
  authorize(request: AccessRequest, role: Role): Authorization
  /** Whether posts of events need a token. */
  readonly needsIngestToken: boolean
  /** Returns the owner of a token, for a session that a person begins with it; null: the token is not valid. */
  ownerOf(token: string): Caller | null
}

const MAX_NAME_CHARS = 64
/** Headers that a proxy adds. A request with one of them does not come from a program on this machine. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const

export function createAccess(options: AccessOptions): Access {
  const ownerOf = (token: string): Caller | null => {
    const found = findToken(options, token)
    return found && { name: found.name, role: found.role, by: 'token' }
  }
  const callerOf = (request: AccessRequest): Authorization => {
    const given = bearerToken(request.headers)
    if (given !== undefined) {
      const caller = ownerOf(given)
      return caller ? { caller } : refused(401, 'the token is unknown or has expired', 'send a valid token')
    }
    const { proxy } = options.rules()
    if (proxy && request.headers[proxy.header] !== undefined && proxy.isTrusted(request.ip))
      return proxiedCaller(request.headers, proxy)
    return localCaller(request, options)
  }
  return {
    get needsIngestToken() {
      return options.ingestToken() !== null || options.rules().tokens.some(({ role }) => role === 'ingest')
    },
    ownerOf,
    authorize(request, role) {
      const authorization = callerOf(request)
      if ('refusal' in authorization || includesRole(authorization.caller.role, role)) return authorization
      const { name, role: present } = authorization.caller
      return refused(
        403,
        `this needs the role ${role}, and ${name} has the role ${present}`,
        `use a token with the role ${role}`,
      )
    },
  }
}

function refused(status: 401 | 403, error: string, hint: string): { readonly refusal: Refusal } {
  return { refusal: { status, error, hint } }
}

function bearerToken({ authorization }: Pick<IncomingHttpHeaders, 'authorization'>): string | undefined {
  return /^bearer +(.+)$/i.exec(authorization ?? '')?.[1]
}

/** All tokens are compared, so that the time says nothing about which of them are alike. */
function findToken({ rules, ingestToken, now }: AccessOptions, given: string): AccessToken | null {
  const digest = tokenDigest(given)
  let found: AccessToken | null = null
  for (const token of [...rules().tokens, ...fileToken(ingestToken())]) {
    const isEqual = timingSafeEqual(token.digest, digest)
    if (isEqual && (token.expiresAt === null || token.expiresAt > now())) found = token
  }
  return found
}

function fileToken(token: string | null): AccessToken[] {
  if (token === null || token === '') return []
  return [{ name: 'http-token-file', role: 'ingest', digest: tokenDigest(token), expiresAt: null }]
}

/** A browser sends the cookies of the proxy with requests that pages of other sites make. */
function proxiedCaller(headers: IncomingHttpHeaders, { header, role }: TrustedProxy): Authorization {
  const foreign = foreignPage(headers)
  if (foreign) return foreign
  const value = headers[header]
  const name = typeof value === 'string' ? value.trim() : ''
  if (name.length > MAX_NAME_CHARS || !/^[\p{L}\p{N}][\p{L}\p{N}@._+ -]*$/u.test(name))
    return refused(
      401,
      `the header ${header} holds no name`,
      `give it 1 to ${MAX_NAME_CHARS} letters, digits or @._+-`,
    )
  return { caller: { name, role, by: 'proxy' } }
}

/** Without any token, programs on this machine may do everything, unless a proxy on this machine forwards the request. */
function localCaller(
  { headers, ip }: AccessRequest,
  { host, rules, ingestToken }: AccessOptions,
): Authorization {
  const { tokens, proxy } = rules()
  const missing = refused(
    401,
    'Authorization: Bearer TOKEN is missing',
    'create a token with `signalbox token new`, and add it to `api.tokens` in signalbox.yaml',
  )
  if (tokens.length > 0 || proxy !== null || ingestToken() !== null) return missing
  const name = nameOf(headers.host)
  const isHere =
    isLoopback(host) && isLoopback(ip.replace(/^::ffff:/, '')) && name !== null && isLoopback(name)
  if (!isHere || FORWARDED.some((forwarded) => headers[forwarded] !== undefined)) return missing
  return foreignPage(headers) ?? { caller: { name: 'local', role: 'operator', by: 'loopback' } }
}

/** The refusal of a request that a page of another site makes; null: it is none. */
function foreignPage(headers: IncomingHttpHeaders): ReturnType<typeof refused> | null {
  const site = headers['sec-fetch-site'] ?? 'none'
  const { origin, host = '' } = headers
  const isOwn = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host.toLowerCase())
  if (isOwn && (site === 'none' || site === 'same-origin')) return null
  return refused(403, 'requests of pages of other sites are rejected', 'send a token')
}

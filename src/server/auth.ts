/** Authorizes requests: those of programs on this machine, and those with the token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

export type Verdict = 'ok' | { readonly status: 401 | 403 | 421; readonly error: string }

interface RequestHeaders {
  readonly authorization?: string
  readonly host?: string
  readonly origin?: string
  readonly 'sec-fetch-site'?: string | string[]
}

export interface Authority {
  /** The address on which the server listens. */
  readonly host: string
  readonly token: string | null
  /** Host names, beside those of this machine, under which a local proxy forwards requests. */
  readonly names: readonly string[]
}

/**
 * Checks every request. Without a token an address is safe only because no other machine reaches it. But a page in a
 * browser on this machine can reach it: from another site, or from a site whose name resolves to this machine.
 */
export function admit({ host, token, names }: Authority, headers: RequestHeaders): Verdict {
  if (token !== null || !isLoopback(host)) return 'ok'
  const site = headers['sec-fetch-site'] ?? 'none'
  if (site !== 'none' && site !== 'same-origin') {
    return { status: 403, error: 'no token configured: requests of web pages of other sites are rejected' }
  }
  const name = nameOf(headers.host)
  if (name === null || isLoopback(name) || names.includes(name)) return 'ok'
  return {
    status: 421,
    error: `unknown host name "${name}": use localhost, or allow the name with --http-host`,
  }
}

/** Checks posts after `admit`. With an empty token no post is authorized. */
export function authorize({ host, token }: Authority, headers: RequestHeaders): Verdict {
  if (token === null) {
    if (!isLoopback(host))
      return { status: 401, error: 'no token configured: only loopback requests are accepted' }
    if (headers.origin !== undefined)
      return { status: 403, error: 'no token configured: posts of web pages are rejected' }
    return 'ok'
  }
  const given = /^bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && isEqual(given, token)) return 'ok'
  return { status: 401, error: 'Authorization: Bearer TOKEN is missing or wrong' }
}

/** The host name without brackets and port, in lower case. HTTP/1.0, which no browser uses, needs no name: null. */
function nameOf(host: string | undefined): string | null {
  if (host === undefined) return null
  const name = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1] ?? host.replace(/:\d*$/, '')
  return name.toLowerCase()
}

/** Compares hashes, so that the time depends neither on the content nor on the length. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

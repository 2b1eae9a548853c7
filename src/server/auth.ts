/** Who may ask, and who may post: programs on this machine, and everyone who knows the token. */
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
  /** The address that is listened on. */
  readonly host: string
  readonly token: string | null
  /** Names beside those of this machine under which a proxy on it forwards. */
  readonly names: readonly string[]
}

/**
 * For every request. Without a token an address is safe because only this machine reaches it, but a page in a browser
 * on this machine does, too: from another site, or from its own under a name that it has pointed at this machine.
 */
export function admit({ host, token, names }: Authority, headers: RequestHeaders): Verdict {
  if (token !== null || !isLoopback(host)) return 'ok'
  const site = headers['sec-fetch-site'] ?? 'none'
  if (site !== 'none' && site !== 'same-origin') {
    return { status: 403, error: 'web pages of other sites are not answered without a token' }
  }
  const name = nameOf(headers.host)
  if (name === null || isLoopback(name) || names.includes(name)) return 'ok'
  return {
    status: 421,
    error: `this address is not called "${name}": use localhost, or name it with --http-host`,
  }
}

/** For posts, after `admit`. An empty token admits no request. */
export function authorize({ host, token }: Authority, headers: RequestHeaders): Verdict {
  if (token === null) {
    if (!isLoopback(host)) return { status: 401, error: 'no token is set, so no request can be authorised' }
    if (headers.origin !== undefined) return { status: 403, error: 'web pages may not post without a token' }
    return 'ok'
  }
  const given = /^bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && isEqual(given, token)) return 'ok'
  return { status: 401, error: 'Authorization: Bearer TOKEN is missing or wrong' }
}

/** `[::1]:8080` without brackets and port, in lower case. HTTP/1.0, which no browser speaks, needs no name: null. */
function nameOf(host: string | undefined): string | null {
  if (host === undefined) return null
  const name = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1] ?? host.replace(/:\d*$/, '')
  return name.toLowerCase()
}

/** Hashed first, so that neither content nor length shows in the time taken. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** Authorizes posts of events: those of programs on this machine, and those with a token of the role `ingest`. */
import type { Access, AccessRequest } from './access.ts'
import { isLoopback, nameOf } from './host-names.ts'

export type Verdict = 'ok' | { readonly status: 401 | 403 | 421; readonly error: string }

interface RequestHeaders {
  readonly host?: string
  readonly origin?: string
  readonly 'sec-fetch-site'?: string | string[]
}

interface Authority {
  /** The address on which the server listens. */
  readonly host: string
  /** Whether posts need a token. */
  readonly needsToken: boolean
  /** Host names, beside those of this machine, under which a local proxy forwards requests. */
  readonly names: readonly string[]
}

/**
 * Checks every request. Without a token an address is safe only because no other machine reaches it. But a page in a
 * browser on this machine can reach it: from another site, or from a site whose name resolves to this machine.
 */
export function admit({ host, needsToken, names }: Authority, headers: RequestHeaders): Verdict {
  if (needsToken || !isLoopback(host)) return 'ok'
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
export function authorizePost(
  access: Access,
  { host, needsToken }: Authority,
  request: AccessRequest,
): Verdict {
  if (needsToken) {
    const authorization = access.authorize(request, 'ingest')
    if ('caller' in authorization) return 'ok'
    const { status, error } = authorization.refusal
    return { status, error: status === 401 ? 'Authorization: Bearer TOKEN is missing or wrong' : error }
  }
  if (!isLoopback(host))
    return { status: 401, error: 'no token configured: only loopback requests are accepted' }
  if (request.headers.origin !== undefined)
    return { status: 403, error: 'no token configured: posts of web pages are rejected' }
  return 'ok'
}

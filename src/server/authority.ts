/** Who may post: anyone on this machine, and whoever knows the token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

export type Verdict = 'ok' | { readonly status: 401 | 403; readonly error: string }

/** Without a token only a loopback address takes events, and then not from web pages. An empty one fits nobody. */
export function authorise(
  host: string,
  token: string | null,
  headers: { readonly authorization?: string; readonly origin?: string },
): Verdict {
  if (token === null) {
    if (!isLoopback(host)) return { status: 401, error: 'no token is set: nobody may post' }
    // A page in a browser on this machine could otherwise post without its user knowing.
    if (headers.origin !== undefined) return { status: 403, error: 'web pages may not post without a token' }
    return 'ok'
  }
  const given = /^bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && isEqual(given, token)) return 'ok'
  return { status: 401, error: 'Authorization: Bearer TOKEN is missing or wrong' }
}

/** Hashed first, so that neither content nor length shows in the time taken. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

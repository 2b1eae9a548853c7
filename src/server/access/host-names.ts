/** Names and addresses of this machine, as they stand in requests. */
import { isIP } from 'node:net'

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

/** The host name without brackets and port, in lower case. HTTP/1.0, which no browser uses, needs no name: null. */
export function nameOf(host: string | undefined): string | null {
  if (host === undefined) return null
  const name = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1] ?? host.replace(/:\d*$/, '')
  return name.toLowerCase()
}

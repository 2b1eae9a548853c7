/** Knows the headers that contain no secret. Any other header can carry a credential, whatever its name. Pure. */

const OPEN = new Set([
  'accept',
  'content-type',
  'user-agent',
  'idempotency-key',
  'x-signalbox-timestamp',
  'x-signalbox-signature',
])

export function isOpenHeader(name: string): boolean {
  return OPEN.has(name.toLowerCase())
}

/** The headers that may be sent to another host than the first. */
export function openHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOpenHeader(name)))
}

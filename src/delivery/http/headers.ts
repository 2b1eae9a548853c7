/** Which headers say nothing secret: any other may carry a credential, whatever it is called. Pure. */

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

/** What another host than the first may see. */
export function openHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOpenHeader(name)))
}

/** Shared access signatures, by which Azure Event Hubs and Service Bus authorize requests. Pure. */
import { createHmac } from 'node:crypto'

export interface SasKey {
  /** The name of the shared access policy. */
  readonly name: string
  readonly key: string
}

/**
 * Creates the value of the header `Authorization` for the resource at this URL. The key is used as text, although it looks
 * like base64.
 */
export function sasToken(resource: string, { name, key }: SasKey, expiresAt: number): string {
  const uri = encodeURIComponent(resource)
  const expiry = Math.floor(expiresAt / 1_000)
  const signature = createHmac('sha256', key).update(`${uri}\n${expiry}`).digest('base64')
  const fields = [
    `sr=${uri}`,
    `sig=${encodeURIComponent(signature)}`,
    `se=${expiry}`,
    `skn=${encodeURIComponent(name)}`,
  ]
  return `SharedAccessSignature ${fields.join('&')}`
}

/** Distinguishes large byte arrays whose writer is trusted: GMAC with a public key is ten times faster than a hash. */
import { createCipheriv } from 'node:crypto'

export function fingerprint(...parts: readonly Uint8Array[]): string {
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12))
  for (const bytes of parts) {
    const length = Buffer.alloc(8)
    length.writeUInt32LE(bytes.length)
    cipher.setAAD(length).setAAD(bytes)
  }
  cipher.final()
  return cipher.getAuthTag().toString('hex')
}

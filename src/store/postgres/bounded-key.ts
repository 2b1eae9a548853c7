/**
 * An index of PostgreSQL refuses texts of more than about 2,700 bytes, and events can contain such ids. A longer key is
 * stored as its hash, after a character that no id of this program begins with.
 */
import { createHash } from 'node:crypto'

const MAX_KEY_BYTES = 1_000

export function boundedKey(key: string): string {
  if (Buffer.byteLength(key) <= MAX_KEY_BYTES) return key
  return `\uE001${createHash('sha256').update(key, 'utf16le').digest('hex')}`
}

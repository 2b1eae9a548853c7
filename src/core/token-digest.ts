/** The digest by which a token is known where the token itself is not kept. */
import { createHash } from 'node:crypto'

/** Tokens are long random texts, so a fast hash without salt cannot be reversed. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** The interpreter's randomness, fetched in handfuls: Python asks for a few bytes at a time, and each asking cost more than they. */
import { randomFillSync } from 'node:crypto'
import type { HostImport, Memory } from './host-import.ts'

const HANDFUL_BYTES = 16 * 1024

export function hostRandom(memory: () => Memory): Record<string, HostImport> {
  const handful = new Uint8Array(HANDFUL_BYTES)
  let used = HANDFUL_BYTES
  return {
    random_get(address, size) {
      const target = new Uint8Array(memory().buffer, (address as number) >>> 0, (size as number) >>> 0)
      if (target.length > HANDFUL_BYTES) {
        randomFillSync(target)
        return 0
      }
      if (used + target.length > HANDFUL_BYTES) {
        randomFillSync(handful)
        used = 0
      }
      target.set(handful.subarray(used, used + target.length))
      // Given once.
      handful.fill(0, used, used + target.length)
      used += target.length
      return 0
    },
  }
}

/** The interpreter's randomness, fetched in handfuls: Python asks for a few bytes at a time, and each asking cost more than they. */
import { randomFillSync } from 'node:crypto'
import type { HostImport, Memory } from './host-import.ts'

const POOL_BYTES = 16 * 1024

/** @param onStartRead is called at each reading. */
export function hostRandom(memory: () => Memory, onStartRead = () => {}): Record<string, HostImport> {
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES
  return {
    random_get(address, size) {
      onStartRead()
      const target = new Uint8Array(memory().buffer, (address as number) >>> 0, (size as number) >>> 0)
      if (target.length > POOL_BYTES) {
        randomFillSync(target)
        return 0
      }
      if (used + target.length > POOL_BYTES) {
        randomFillSync(pool)
        used = 0
      }
      target.set(pool.subarray(used, used + target.length))
      // Given once.
      pool.fill(0, used, used + target.length)
      used += target.length
      return 0
    },
  }
}

/** Emscripten's file system, as far as it is used here. */
export interface LookupOptions {
  readonly follow: boolean
  readonly noent_okay: boolean
}

export interface DeviceTable {
  lookupPath(path: string, options: LookupOptions): { readonly node?: { readonly rdev?: number } }
  getDevice(device: number): { readonly stream_ops: Record<string, (...args: unknown[]) => unknown> }
}

/** Randomness can also be read from files, which need no import. @param onStartRead is called at each reading. */
export function watchRandomDevices(FS: DeviceTable, onStartRead: () => void): void {
  for (const path of ['/dev/random', '/dev/urandom']) {
    const operations = FS.getDevice(
      FS.lookupPath(path, { follow: false, noent_okay: false }).node!.rdev!,
    ).stream_ops
    const read = operations.read!
    operations.read = (...args) => {
      onStartRead()
      return read(...args)
    }
  }
}

/**
 * WORKER THREAD. The random numbers of the interpreter. Python reads a few bytes at a time, so they come from a pool that is
 * filled at once.
 */
import { randomFillSync } from 'node:crypto'
import type { HostImport, Memory } from './host-import.ts'

const POOL_BYTES = 16 * 1024

/** @param onStartRead is called at each read. */
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
      // Bytes are given out only once.
      pool.fill(0, used, used + target.length)
      used += target.length
      return 0
    },
  }
}

/** The part of Emscripten's file system that is used here. */
export interface LookupOptions {
  readonly follow: boolean
  readonly noent_okay: boolean
}

export interface DeviceTable {
  lookupPath(path: string, options: LookupOptions): { readonly node?: { readonly rdev?: number } }
  getDevice(device: number): { readonly stream_ops: Record<string, (...args: unknown[]) => unknown> }
}

/** Observes the devices of random numbers, which are read without an import. @param onStartRead is called at each read. */
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

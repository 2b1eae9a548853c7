/**
 * WORKER THREAD. The reserved file descriptor for requests of the caching helpers. Python writes a request to it and reads
 * the response from it; it is not backed by a file.
 */
import type { HostImport, Memory } from './host-import.ts'

/** The same number as in host_cache.py. Emscripten never assigns it to a file. */
const DESCRIPTOR = 1_000_000
const MAX_REQUEST_BYTES = 1 << 20
/** The value of EFBIG in WASI. */
const TOO_LARGE = 22
/** The size of an address and a length. */
const VECTOR_BYTES = 8

export interface CacheRequester {
  /** Blocks until the response is there. */
  request(text: string): string
}

interface CacheChannel {
  /** The replaced imports. They pass other descriptors on. */
  readonly imports: Record<string, HostImport>
  /** Drops a response that was not read. */
  discardResponse(): void
}

export function cacheChannel(
  env: Record<string, HostImport>,
  memory: () => Memory,
  requester: CacheRequester,
): CacheChannel {
  const write = env.fd_write!
  const read = env.fd_read!
  let response = Buffer.alloc(0)
  const imports: Record<string, HostImport> = {
    fd_write: (file, vectors, count, written) => {
      if (file !== DESCRIPTOR) return write(file, vectors, count, written)
      const parts = buffersOf(memory(), vectors as number, count as number)
      const request = Buffer.concat(parts, Math.min(totalOf(parts), MAX_REQUEST_BYTES + 1))
      if (request.length > MAX_REQUEST_BYTES) return TOO_LARGE
      response = Buffer.from(requester.request(request.toString()))
      writeCount(memory(), written as number, request.length)
      return 0
    },
    fd_read: (file, vectors, count, given) => {
      if (file !== DESCRIPTOR) return read(file, vectors, count, given)
      let total = 0
      for (const buffer of buffersOf(memory(), vectors as number, count as number)) {
        const part = response.subarray(0, buffer.length)
        buffer.set(part)
        response = response.subarray(part.length)
        total += part.length
      }
      writeCount(memory(), given as number, total)
      return 0
    },
  }
  const discardResponse = () => {
    response = Buffer.alloc(0)
  }
  return { imports, discardResponse }
}

/** Returns the buffers of a C array of `iovec`. */
function buffersOf({ buffer }: Memory, vectors: number, count: number): Uint8Array[] {
  const view = new DataView(buffer)
  return Array.from({ length: Math.min(count, 16) }, (_, at) => {
    const vector = (vectors >>> 0) + at * VECTOR_BYTES
    return new Uint8Array(buffer, view.getUint32(vector, true), view.getUint32(vector + 4, true))
  })
}

function totalOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

function writeCount({ buffer }: Memory, address: number, bytes: number): void {
  new DataView(buffer).setUint32(address >>> 0, bytes, true)
}

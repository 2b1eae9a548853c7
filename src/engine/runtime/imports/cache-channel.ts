/**
 * The descriptor through which Python asks the host for items of the caching helpers: what is written to it is a
 * question, what is read from it the answer. No file stands behind it.
 */
import type { HostImport, Memory } from './host-import.ts'

/** The same in host_cache.py; far beyond any descriptor that Emscripten gives. */
const DESCRIPTOR = 1_000_000
const MAX_REQUEST_BYTES = 1 << 20
/** WASI's EFBIG. */
const TOO_LARGE = 22
/** Bytes of an address and a length. */
const VECTOR_BYTES = 8

export interface CacheRequester {
  /** Returns when the answer is there, however long that takes. */
  request(text: string): string
}

interface CacheChannel {
  /** The imports that carry it; every other descriptor goes where it went. */
  readonly imports: Record<string, HostImport>
  /** Drops an answer that was not read. */
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

/** Buffers of the interpreter, as C names them. */
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

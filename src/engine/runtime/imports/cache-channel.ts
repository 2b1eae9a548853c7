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
  ask(question: string): string
}

interface CacheChannel {
  /** The imports that carry it; every other descriptor goes where it went. */
  readonly imports: Record<string, HostImport>
  /** Drops an answer that was not read. */
  forget(): void
}

export function cacheChannel(
  env: Record<string, HostImport>,
  memory: () => Memory,
  desk: CacheRequester,
): CacheChannel {
  const write = env.fd_write!
  const read = env.fd_read!
  let answer = Buffer.alloc(0)
  const imports: Record<string, HostImport> = {
    fd_write: (file, vectors, count, written) => {
      if (file !== DESCRIPTOR) return write(file, vectors, count, written)
      const parts = pieces(memory(), vectors as number, count as number)
      const question = Buffer.concat(parts, Math.min(totalOf(parts), MAX_REQUEST_BYTES + 1))
      if (question.length > MAX_REQUEST_BYTES) return TOO_LARGE
      answer = Buffer.from(desk.ask(question.toString()))
      tell(memory(), written as number, question.length)
      return 0
    },
    fd_read: (file, vectors, count, given) => {
      if (file !== DESCRIPTOR) return read(file, vectors, count, given)
      let total = 0
      for (const piece of pieces(memory(), vectors as number, count as number)) {
        const part = answer.subarray(0, piece.length)
        piece.set(part)
        answer = answer.subarray(part.length)
        total += part.length
      }
      tell(memory(), given as number, total)
      return 0
    },
  }
  const forget = () => {
    answer = Buffer.alloc(0)
  }
  return { imports, forget }
}

/** Buffers of the interpreter, as C names them. */
function pieces({ buffer }: Memory, vectors: number, count: number): Uint8Array[] {
  const view = new DataView(buffer)
  return Array.from({ length: Math.min(count, 16) }, (_, at) => {
    const vector = (vectors >>> 0) + at * VECTOR_BYTES
    return new Uint8Array(buffer, view.getUint32(vector, true), view.getUint32(vector + 4, true))
  })
}

function totalOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

function tell({ buffer }: Memory, address: number, bytes: number): void {
  new DataView(buffer).setUint32(address >>> 0, bytes, true)
}

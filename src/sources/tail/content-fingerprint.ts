/**
 * Recognizes content by hashes. A log only grows, so content that was read does not change: the hash of the last bytes
 * before an offset shows whether a file, or a copy of it, still holds that content. Marks at powers of two show this
 * for a shorter file.
 */
import { createHash } from 'node:crypto'

export const WINDOW_BYTES = 1024
/** Fewer bytes are not sufficient to recognize content. */
export const FIRST_MARK = 64
const MARK_CHARS = 12

export interface Fingerprint {
  /** The number of bytes that were seen. */
  readonly bytes: number
  /** The hash of the last bytes before that offset, at most 1,024. */
  readonly hash: string
  /** The joined hashes at 64, 128, 256 ... bytes. */
  readonly marks: string
}

/** Reads bytes of a file, fewer at its end. */
export type ReadAt = (position: number, length: number) => Promise<Buffer>

/** `continued` content begins with all that was seen, `shorter` content with a part of at least 64 bytes. */
export type Relation = 'continued' | 'shorter' | 'different'

export async function relationOf(readAt: ReadAt, size: number, seen: Fingerprint): Promise<Relation> {
  if (seen.bytes === 0) return 'different'
  const limit = Math.min(size, seen.bytes)
  const marks = marksOf(seen).filter(({ at }) => at <= limit)
  // These are the marks of the beginning and of the longest common part; content between them can hardly differ then.
  for (const { at, hash } of new Set([marks.findLast(({ at }) => at <= WINDOW_BYTES), marks.at(-1)])
    .values()
    .filter((mark) => mark !== undefined)) {
    if (shortHash(await windowAt(readAt, at)) !== hash) return 'different'
  }
  if (size < seen.bytes) return marks.length > 0 ? 'shorter' : 'different'
  return hashOf(await windowAt(readAt, seen.bytes)) === seen.hash ? 'continued' : 'different'
}

/** True when two contents have the same marks, as far as both are long enough to have them. */
export function isSameBeginning(a: Fingerprint, b: Fingerprint): boolean {
  return a.marks.startsWith(b.marks) || b.marks.startsWith(a.marks)
}

export async function hashUpTo(readAt: ReadAt, bytes: number): Promise<string> {
  return hashOf(await windowAt(readAt, bytes))
}

/** Computes the fingerprint of content that is read once. */
export class ContentPrinter {
  #bytes = 0
  #window: Buffer = Buffer.alloc(0)
  #marks = ''
  #print: Fingerprint | null = null

  /** Creates the printer for the first bytes of a file. */
  static async upTo(readAt: ReadAt, bytes: number): Promise<ContentPrinter> {
    const printer = new ContentPrinter()
    for (let at = FIRST_MARK; at <= bytes; at *= 2) printer.#marks += shortHash(await windowAt(readAt, at))
    printer.#window = await windowAt(readAt, bytes)
    printer.#bytes = bytes
    return printer
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The last bytes that were seen. */
  get window(): Buffer {
    return this.#window
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    const end = this.#bytes + chunk.length
    for (let at = FIRST_MARK * 2 ** (this.#marks.length / MARK_CHARS); at <= end; at *= 2) {
      this.#marks += shortHash(this.#joined(chunk.subarray(0, at - this.#bytes)))
    }
    // A copy, so that the window does not keep the whole chunk alive.
    this.#window = Buffer.from(this.#joined(chunk))
    this.#bytes = end
    this.#print = null
  }

  print(): Fingerprint {
    this.#print ??= { bytes: this.#bytes, hash: hashOf(this.#window), marks: this.#marks }
    return this.#print
  }

  #joined(chunk: Buffer): Buffer {
    if (chunk.length >= WINDOW_BYTES) return chunk.subarray(-WINDOW_BYTES)
    return Buffer.concat([this.#window, chunk]).subarray(-WINDOW_BYTES)
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

function shortHash(bytes: Buffer): string {
  return hashOf(bytes).slice(0, MARK_CHARS)
}

function marksOf({ marks }: Fingerprint): { at: number; hash: string }[] {
  return Array.from({ length: Math.floor(marks.length / MARK_CHARS) }, (_, n) => ({
    at: FIRST_MARK * 2 ** n,
    hash: marks.slice(n * MARK_CHARS, (n + 1) * MARK_CHARS),
  }))
}

function windowAt(readAt: ReadAt, end: number): Promise<Buffer> {
  const start = Math.max(0, end - WINDOW_BYTES)
  return readAt(start, end - start)
}

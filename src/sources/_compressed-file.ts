/** Reads a rotated file that was compressed: its content goes on where the plain file was left. */
import type { FileHandle } from 'node:fs/promises'
import { readerOf } from './_file-cursor.ts'
import { ContentPrinter, type Fingerprint, WINDOW_BYTES } from './_fingerprint.ts'
import { Framer } from './_framer.ts'
import { type Damage, gunzipped } from './_gunzip.ts'
import type { FramingRules, Piece, Position } from './_piece.ts'

const CHUNK_BYTES = 256 * 1024
/** The last bytes of a gzip member: the size of its content, modulo 2^32. */
const SIZE_FIELD_BYTES = 4

export interface CompressedChunk {
  readonly pieces: readonly Piece[]
  readonly print: Fingerprint
  readonly damage?: Damage
}

/** The first bytes of the content; fewer where it is shorter, or damaged, or not yet written. */
export async function beginningOfContent(handle: FileHandle): Promise<Buffer> {
  let beginning: Buffer = Buffer.alloc(0)
  for await (const part of contentOf(handle)) {
    if (!Buffer.isBuffer(part)) break
    beginning = Buffer.concat([beginning, part])
    if (beginning.length >= WINDOW_BYTES) break
  }
  return beginning.subarray(0, WINDOW_BYTES)
}

/** Of all of the content, or of what comes before damage. */
export async function printOfContent(handle: FileHandle): Promise<Fingerprint> {
  const printer = new ContentPrinter()
  for await (const part of contentOf(handle)) {
    if (!Buffer.isBuffer(part)) break
    printer.push(part)
  }
  return printer.print()
}

/** True when the content, of which the beginning is the same, is of that size. */
export async function isOfSize(handle: FileHandle, bytes: number): Promise<boolean> {
  const { size } = await handle.stat()
  const field = await readerOf(handle)(Math.max(0, size - SIZE_FIELD_BYTES), SIZE_FIELD_BYTES)
  return field.length === SIZE_FIELD_BYTES && field.readUInt32LE() === bytes % 2 ** 32
}

export class CompressedFile {
  readonly #handle: FileHandle
  readonly #from: Position
  readonly #framer: Framer
  readonly #printer = new ContentPrinter()

  constructor(handle: FileHandle, rules: FramingRules, from: Position) {
    this.#handle = handle
    this.#from = from
    this.#framer = new Framer(rules, from)
  }

  /** Yields what follows on the position. Ends with `other` when the content is not what was seen of it. */
  async *read(seen: Fingerprint): AsyncGenerator<CompressedChunk, 'end' | 'other'> {
    let held: Piece[] = []
    let offset = 0
    let isProven = seen.bytes === 0
    for await (const part of contentOf(this.#handle)) {
      if (!Buffer.isBuffer(part)) {
        const isPassed = offset < this.#from.offset && !part.isFinal
        if (isProven && !isPassed) yield { pieces: [], print: this.#printer.print(), damage: part }
        continue
      }
      const start = offset
      offset += part.length
      const unseen = Math.max(0, seen.bytes - start)
      this.#printer.push(part.subarray(0, unseen))
      if (!isProven && offset >= seen.bytes) {
        if (this.#printer.print().hash !== seen.hash) return 'other'
        isProven = true
      }
      this.#printer.push(part.subarray(unseen))
      const pieces = this.#framer.push(part.subarray(Math.max(0, this.#from.offset - start)))
      held.push(...pieces)
      if (isProven) yield { pieces: held.splice(0), print: this.#printer.print() }
    }
    // A copy that ends before what was seen of the original holds nothing more.
    held = isProven ? this.#framer.end() : []
    yield { pieces: held, print: isProven ? this.#printer.print() : seen }
    return 'end'
  }

  /** What is unfinished is refused, and so is what is damaged. */
  refused({ damage, isFinal }: Damage): Piece[] {
    const reason = `the gzip data is damaged: ${damage}`
    return isFinal ? this.#framer.breakOff(reason) : [this.#framer.refusal(reason)]
  }
}

async function* contentOf(handle: FileHandle): AsyncGenerator<Buffer | Damage> {
  yield* gunzipped(chunksOf(handle))
}

async function* chunksOf(handle: FileHandle): AsyncGenerator<Buffer> {
  const readAt = readerOf(handle)
  for (let position = 0; ; ) {
    const chunk = await readAt(position, CHUNK_BYTES)
    if (chunk.length === 0) return
    yield chunk
    position += chunk.length
  }
}

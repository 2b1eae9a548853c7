/** Reads a rotated file that was compressed: its content continues where reading of the plain file stopped. */
import type { FileHandle } from 'node:fs/promises'
import type { Frame, FramingRules, Position } from '../framing/frame.ts'
import { Framer } from '../framing/framer.ts'
import { type Corruption, gunzipped } from '../framing/gunzip.ts'
import { ContentPrinter, type Fingerprint } from './content-fingerprint.ts'
import { chunksOf } from './file-cursor.ts'

interface CompressedChunk {
  readonly frames: readonly Frame[]
  readonly print: Fingerprint
  readonly damage?: Corruption
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

  /** Yields the content from the position to the end of the file. */
  async *read(): AsyncGenerator<CompressedChunk> {
    let offset = 0
    for await (const part of contentOf(this.#handle)) {
      if (!Buffer.isBuffer(part)) {
        const isPassed = offset < this.#from.offset && !part.isFinal
        if (!isPassed) yield { frames: [], print: this.#printer.print(), damage: part }
        continue
      }
      const unread = part.subarray(Math.max(0, this.#from.offset - offset))
      offset += part.length
      this.#printer.push(part)
      yield { frames: this.#framer.push(unread), print: this.#printer.print() }
    }
    yield { frames: this.#framer.end(), print: this.#printer.print() }
  }

  /** Rejects corrupt data and an unfinished event. */
  refused({ damage, isFinal }: Corruption): Frame[] {
    const reason = `the gzip data is corrupt: ${damage}`
    return isFinal ? this.#framer.abort(reason) : [this.#framer.refusal(reason)]
  }
}

/** Yields the decompressed content. */
export async function* contentOf(handle: FileHandle): AsyncGenerator<Buffer | Corruption> {
  yield* gunzipped(chunksOf(handle))
}

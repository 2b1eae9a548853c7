/** One open file under `follow`: it reads appended content and detects when read content has changed. */
import type { FileHandle } from 'node:fs/promises'
import { type Frame, type FramingRules, type Position, START_POSITION } from '../framing/frame.ts'
import { Framer } from '../framing/framer.ts'
import { ContentPrinter, type Fingerprint, type ReadAt, WINDOW_BYTES } from './content-fingerprint.ts'
import { CHUNK_BYTES, readerOf } from './file-cursor.ts'

export const FIRST_LINE: Position = { ...START_POSITION, form: 'lines' }

export class FollowedFile {
  readonly readAt: ReadAt
  readonly #handle: FileHandle
  readonly #framer: Framer
  /** The first bytes of the file, at least those that were read. */
  #beginning: Buffer
  readonly #printOfBeginning: Fingerprint
  /** The printer of the content before `#offset`. */
  readonly #printer: ContentPrinter
  #offset: number
  #size: number

  private constructor(
    handle: FileHandle,
    rules: FramingRules,
    from: Position,
    now: { beginning: Buffer; printOfBeginning: Fingerprint; printer: ContentPrinter; size: number },
  ) {
    this.readAt = readerOf(handle)
    this.#handle = handle
    this.#framer = new Framer(rules, from)
    this.#offset = from.offset
    this.#beginning = now.beginning
    this.#printOfBeginning = now.printOfBeginning
    this.#printer = now.printer
    this.#size = now.size
  }

  static async open(handle: FileHandle, rules: FramingRules, from = FIRST_LINE): Promise<FollowedFile> {
    const readAt = readerOf(handle)
    const { size } = await handle.stat()
    const beginning = await readAt(0, WINDOW_BYTES)
    const ofBeginning = new ContentPrinter()
    ofBeginning.push(beginning)
    const printer = await ContentPrinter.upTo(readAt, from.offset)
    const printOfBeginning = ofBeginning.print()
    return new FollowedFile(handle, rules, from, { beginning, printOfBeginning, printer, size })
  }

  /** Returns the events of the next chunk, `end` at the present end, or `rewritten` when read content has changed. */
  async read(): Promise<Frame[] | 'end' | 'rewritten'> {
    const { size } = await this.#handle.stat()
    const { window } = this.#printer
    const more = Math.min(CHUNK_BYTES, Math.max(0, size - this.#offset))
    // One read returns the last window, which is compared, and the content after it.
    const bytes = await this.readAt(this.#offset - window.length, window.length + more)
    if (size < this.#offset || !startsWith(bytes, window)) return 'rewritten'
    const chunk = bytes.subarray(window.length)
    if (!(await this.#beginsAsBefore(bytes))) return 'rewritten'
    this.#size = size
    if (chunk.length === 0) return 'end'
    this.#offset += chunk.length
    this.#printer.push(chunk)
    return this.#framer.push(chunk)
  }

  /** A last line without a newline is complete when the file does not grow any more. */
  end(): Frame[] {
    return this.#framer.end()
  }

  /** Returns the fingerprint of the content that was seen. */
  print(): Fingerprint {
    const print = this.#printer.print()
    return print.bytes >= this.#printOfBeginning.bytes ? print : this.#printOfBeginning
  }

  /** The size at the last read. */
  get size(): number {
    return this.#size
  }

  /** Returns true while the file holds the content that was read. */
  async isIntact(): Promise<boolean> {
    const { window } = this.#printer
    const { size } = await this.#handle.stat()
    if (size < this.#offset) return false
    const last = await this.readAt(this.#offset - window.length, window.length)
    return last.equals(window) && startsWith(await this.readAt(0, this.#beginning.length), this.#beginning)
  }

  async presentSize(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async hasGrown(): Promise<boolean> {
    return (await this.presentSize()) > this.#offset
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  /** Compares the beginning after `bytes` were read, because only then they surely follow the earlier content. */
  async #beginsAsBefore(bytes: Buffer): Promise<boolean> {
    const isWhole = this.#offset <= WINDOW_BYTES
    const beginning = isWhole ? bytes.subarray(0, WINDOW_BYTES) : this.#beginning
    if (beginning.length >= this.#beginning.length) {
      if (!startsWith(beginning, this.#beginning)) return false
      this.#beginning = Buffer.from(beginning)
    }
    return startsWith(await this.readAt(0, this.#beginning.length), this.#beginning)
  }
}

function startsWith(bytes: Buffer, first: Buffer): boolean {
  return bytes.subarray(0, first.length).equals(first)
}

/** One open file under `follow`: reads what was appended and knows the cursor of every event. */
import type { FileHandle } from 'node:fs/promises'
import {
  beginningOf,
  encodeCursor,
  HEAD_BYTES,
  type Head,
  headOf,
  originOf,
  type Sighting,
  sighting,
  sightingOf,
} from './_file-cursor.ts'
import { Framer } from './_framer.ts'
import { type FramingRules, framed, type Piece, type Position, START } from './_piece.ts'
import type { Framed } from './_source.ts'

const CHUNK_BYTES = 256 * 1024
const FIRST_LINE: Position = { ...START, form: 'lines' }

export class FollowedFile {
  readonly #handle: FileHandle
  readonly #rules: FramingRules
  readonly #from: Position
  readonly #framer: Framer
  #offset: number
  #seen: Sighting
  /** The first bytes: at least those that were read. */
  #beginning: Buffer
  #head: Head

  private constructor(
    handle: FileHandle,
    rules: FramingRules,
    from: Position,
    now: { seen: Sighting; beginning: Buffer },
  ) {
    this.#handle = handle
    this.#rules = rules
    this.#from = from
    this.#framer = new Framer(rules, from)
    this.#offset = from.offset
    this.#seen = now.seen
    this.#beginning = now.beginning
    this.#head = headOf(now.beginning)
  }

  static async open(handle: FileHandle, rules: FramingRules, from = FIRST_LINE): Promise<FollowedFile> {
    const now = { seen: await sightingOf(handle), beginning: await beginningOf(handle) }
    return new FollowedFile(handle, rules, from, now)
  }

  /** From its first line on, after it was rewritten. */
  again(): Promise<FollowedFile> {
    return FollowedFile.open(this.#handle, this.#rules)
  }

  /** The events of the next chunk, or why there are none: the present end, or other content than was read before. */
  async read(): Promise<Piece[] | 'end' | 'rewritten'> {
    const stats = await this.#handle.stat({ bigint: true })
    const size = Number(stats.size)
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, size - this.#offset)))
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#offset)
    const chunk = buffer.subarray(0, bytesRead)
    // Asked after the read: only then it is certain that the chunk follows on what was read before.
    if (size < this.#offset || !(await this.#goesOnWith(chunk))) return 'rewritten'
    if (bytesRead === 0) return 'end'
    this.#offset += bytesRead
    this.#seen = sighting(stats)
    return this.#framer.push(chunk)
  }

  /** A last line without its newline is complete once nobody writes to the file any more. */
  end(): Piece[] {
    return this.#framer.end()
  }

  framed(piece: Piece): Framed {
    return framed(piece, { cursor: this.cursor(piece), origin: originOf(this.#seen) })
  }

  /** Where to go on after the piece; without one, where reading began. */
  cursor(piece?: Piece): string {
    return encodeCursor({ file: this.#seen, at: { ...(piece?.next ?? this.#from), head: this.#head } })
  }

  sighting(): Promise<Sighting> {
    return sightingOf(this.#handle)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #goesOnWith(chunk: Buffer): Promise<boolean> {
    const read = [this.#beginning.subarray(0, this.#offset), chunk.subarray(0, HEAD_BYTES)]
    const beginning = Buffer.concat(read).subarray(0, HEAD_BYTES)
    if (!startsWith(beginning, this.#beginning)) return false
    if (!startsWith(await beginningOf(this.#handle), beginning)) return false
    if (beginning.length > this.#beginning.length) this.#head = headOf(beginning)
    this.#beginning = beginning
    return true
  }
}

function startsWith(bytes: Buffer, first: Buffer): boolean {
  return bytes.subarray(0, first.length).equals(first)
}

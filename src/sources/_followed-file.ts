/** One open file under `follow`: reads what was appended and knows the cursor of every event. */
import type { FileHandle } from 'node:fs/promises'
import { beginsWith, encodeCursor, type Head, headOf, inodeOf, isFull, NO_HEAD } from './_file-cursor.ts'
import { Framer } from './_framer.ts'
import type { FramingRules, Piece, Position } from './_piece.ts'

const CHUNK_BYTES = 256 * 1024

export class FollowedFile {
  readonly inode: string
  readonly #handle: FileHandle
  readonly #rules: FramingRules
  #framer: Framer
  #offset: number
  #head: Head

  private constructor(handle: FileHandle, inode: string, head: Head, rules: FramingRules, at: Position) {
    this.#handle = handle
    this.inode = inode
    this.#head = head
    this.#rules = rules
    this.#framer = new Framer(rules, at)
    this.#offset = at.offset
  }

  static async open(handle: FileHandle, rules: FramingRules, at: Position): Promise<FollowedFile> {
    return new FollowedFile(handle, await inodeOf(handle), await headOf(handle, at.offset), rules, at)
  }

  /** The events of the next chunk; null at the present end of the file. */
  async read(): Promise<Piece[] | null> {
    const { size } = await this.#handle.stat()
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, size - this.#offset)))
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#offset)
    if (bytesRead === 0) return null
    this.#offset += bytesRead
    if (!isFull(this.#head)) this.#head = await headOf(this.#handle, this.#offset)
    return this.#framer.push(buffer.subarray(0, bytesRead))
  }

  /** A last line without its newline is complete once nobody writes to the file any more. */
  end(): Piece[] {
    return this.#framer.end()
  }

  cursor(piece: Piece): string {
    return encodeCursor({ ...piece.next, inode: this.inode, head: this.#head })
  }

  /** True when the file is no longer the one that was read: shorter, or with another beginning. */
  async isRewritten(): Promise<boolean> {
    const { size } = await this.#handle.stat()
    return size < this.#offset || !(await beginsWith(this.#handle, this.#head))
  }

  /** Nanoseconds. */
  async times(): Promise<{ modifiedAt: bigint; bornAt: bigint }> {
    const { mtimeNs, birthtimeNs } = await this.#handle.stat({ bigint: true })
    return { modifiedAt: mtimeNs, bornAt: birthtimeNs }
  }

  restart(at: Position): void {
    this.#framer = new Framer(this.#rules, at)
    this.#offset = at.offset
    this.#head = NO_HEAD
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

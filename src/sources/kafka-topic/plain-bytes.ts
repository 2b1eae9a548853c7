/** The output of a decompression whose size is not known before: bytes, and copies of earlier ones. It has a limit. */

const FIRST_BYTES = 64 * 1024
/** The code of the error that the decompression of Node has, too. */
export const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE'

export class PlainBytes {
  #bytes: Buffer
  #length = 0
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#bytes = Buffer.allocUnsafe(Math.min(FIRST_BYTES, maxBytes))
  }

  get length(): number {
    return this.#length
  }

  append(data: Buffer, from: number, to: number): void {
    if (from > to || to > data.length) throw new Error('it ends within a literal')
    this.#reserve(to - from)
    data.copy(this.#bytes, this.#length, from, to)
    this.#length += to - from
  }

  /** Repeats what was written so many bytes ago. The copy may overlap itself. */
  repeat(distance: number, count: number): void {
    if (distance < 1 || distance > this.#length) throw new Error('a copy begins before the data')
    this.#reserve(count)
    const bytes = this.#bytes
    const at = this.#length
    if (distance >= count) bytes.copyWithin(at, at - distance, at - distance + count)
    else for (let i = 0; i < count; i++) bytes[at + i] = bytes[at + i - distance]!
    this.#length += count
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed > this.#maxBytes) throw Object.assign(new RangeError('too large'), { code: TOO_LARGE })
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(needed, 2 * this.#bytes.length)))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

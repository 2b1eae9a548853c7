/**
 * WORKER THREAD. Texts by key in one block of bytes, of which only those that are looked up are decoded. Pure.
 *
 * The format is the length of the list of keys, the list as JSON, and the texts one after the other.
 */

const LENGTH_BYTES = 4

export class PackedRecords {
  readonly #bytes: Buffer
  /** The first byte and the length of each text. */
  readonly #positions = new Map<string, readonly [start: number, length: number]>()

  /** @param packed the result of `packRecords`; null: there are no texts. */
  constructor(packed: Uint8Array | null) {
    this.#bytes = packed
      ? Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
      : Buffer.alloc(LENGTH_BYTES)
    const listBytes = this.#bytes.readUInt32LE()
    let start = LENGTH_BYTES + listBytes
    const list = this.#bytes.toString('utf8', LENGTH_BYTES, start) || '[]'
    for (const [key, length] of JSON.parse(list) as [string, number][]) {
      this.#positions.set(key, [start, length])
      start += length
    }
  }

  keys(): string[] {
    return [...this.#positions.keys()]
  }

  get(key: string): string | null {
    const position = this.#positions.get(key)
    if (!position) return null
    const [start, length] = position
    return this.#bytes.toString('utf8', start, start + length)
  }
}

export function packRecords(records: readonly (readonly [key: string, text: string])[]): Uint8Array {
  const texts = records.map(([, text]) => Buffer.from(text))
  const list = Buffer.from(JSON.stringify(records.map(([key], at) => [key, texts[at]!.length])))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(list.length)
  return Buffer.concat([length, list, ...texts])
}

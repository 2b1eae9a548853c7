/** Reads the records of a batch, which are already decompressed. */

export interface KafkaRecord {
  readonly offset: number
  readonly key: Buffer | null
  /** null: the record is a tombstone, which removes its key. */
  readonly value: Buffer | null
  /** The header `content-encoding`. */
  readonly contentEncoding: string | null
}

const MAX_VARINT_BYTES = 10
const CONTENT_ENCODING = /^content-encoding$/i

export function readRecords(plain: Buffer, count: number, firstOffset: number): readonly KafkaRecord[] {
  const reader = new RecordReader(plain)
  const records: KafkaRecord[] = []
  for (let i = 0; i < count; i++) {
    const end = reader.end(reader.varint())
    // The attributes of a record have no meaning.
    reader.skip(1)
    reader.varint()
    const offset = firstOffset + reader.varint()
    const key = reader.bytes()
    const value = reader.bytes()
    records.push({ offset, key, value, contentEncoding: contentEncodingOf(reader) })
    if (reader.position !== end) throw new Error(`the record ${offset} has another length than it says`)
  }
  return records
}

function contentEncodingOf(reader: RecordReader): string | null {
  let encoding: string | null = null
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.bytes()
    const value = reader.bytes()
    if (name !== null && value !== null && CONTENT_ENCODING.test(name.toString('latin1')))
      encoding = value.toString('latin1').trim().toLowerCase()
  }
  return encoding
}

class RecordReader {
  readonly #data: Buffer
  position = 0

  constructor(data: Buffer) {
    this.#data = data
  }

  /** Returns the position after so many bytes, which must be there. */
  end(count: number): number {
    const end = this.position + count
    if (count < 0 || end > this.#data.length) throw new Error('a record is longer than its batch')
    return end
  }

  skip(count: number): void {
    this.position = this.end(count)
  }

  /** Signed numbers are stored with the sign in the lowest bit. */
  varint(): number {
    let value = 0
    let factor = 1
    for (let count = 1; ; count++) {
      const at = this.position
      this.skip(1)
      const byte = this.#data[at]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) break
      if (count === MAX_VARINT_BYTES) throw new Error('a number is too long')
      factor *= 128
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    const from = this.position
    this.skip(length)
    return this.#data.subarray(from, this.position)
  }
}

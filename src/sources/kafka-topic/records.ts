/** Reads the records of a batch, which are already decompressed. */

export interface KafkaRecord {
  readonly offset: number
  readonly key: Buffer | null
  /** null: the record is a tombstone, which removes its key. */
  readonly value: Buffer | null
  /** The header `content-encoding`. */
  readonly contentEncoding: string | null
}

/** The records of a batch, which its fields announce. */
export interface AnnouncedRecords {
  readonly count: number
  readonly firstOffset: number
  readonly lastOffset: number
}

const MAX_VARINT_BYTES = 10
const CONTENT_ENCODING = /^content-encoding$/i

/**
 * Checks all records, and returns them one by one: a batch of empty ones has millions, which no memory could hold.
 * @throws Error if the batch is not what it announces
 */
export function readRecords(plain: Buffer, announced: AnnouncedRecords): Iterable<KafkaRecord> {
  checkRecords(plain, announced)
  return recordsIn(plain, announced)
}

function checkRecords(plain: Buffer, { count, firstOffset, lastOffset }: AnnouncedRecords): void {
  const reader = new RecordReader(plain)
  let earlier = firstOffset - 1
  if (count < 0) throw new Error(`its number of records is ${count}`)
  for (let i = 0; i < count; i++) {
    const { end, offset } = headOf(reader, firstOffset)
    // A cursor behind such a record would pass other records, or go back.
    if (offset <= earlier || offset > lastOffset)
      throw new Error(`the record ${i + 1} has the offset ${offset}, which is not in order`)
    earlier = offset
    reader.skipBytes()
    reader.skipBytes()
    for (let left = reader.varint(); left > 0; left--) {
      reader.skipBytes()
      reader.skipBytes()
    }
    if (reader.position !== end) throw new Error(`the record ${offset} has another length than it says`)
  }
  if (reader.position !== plain.length) throw new Error('it has more data than its records')
}

function* recordsIn(plain: Buffer, { count, firstOffset }: AnnouncedRecords): Generator<KafkaRecord> {
  const reader = new RecordReader(plain)
  for (let i = 0; i < count; i++) {
    const { offset } = headOf(reader, firstOffset)
    const key = reader.bytes()
    const value = reader.bytes()
    yield { offset, key, value, contentEncoding: contentEncodingOf(reader) }
  }
}

/** Reads what is before the key. */
function headOf(reader: RecordReader, firstOffset: number): { end: number; offset: number } {
  const end = reader.end(reader.varint())
  // The attributes of a record have no meaning, and its time is not used.
  reader.skip(1)
  reader.varint()
  return { end, offset: firstOffset + reader.varint() }
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

  skipBytes(): void {
    const length = this.varint()
    if (length > 0) this.skip(length)
  }

  bytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    const from = this.position
    this.skip(length)
    return this.#data.subarray(from, this.position)
  }
}

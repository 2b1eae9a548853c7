/**
 * Decompresses gzip data member by member. A small input cannot fill the memory, and all data before corruption is
 * kept.
 */
import { crc32, inflateRawSync } from 'node:zlib'
import { ByteInput } from './byte-input.ts'
import { Inflater } from './inflate.ts'

/** Deflate expands data at most about 1,032 times, so one step yields at most 16 MB. */
const STEP_BYTES = 16 * 1024
/** A member up to this size is decompressed in one call. */
const MAX_SMALL_MEMBER_BYTES = 1024 * 1024
const CUT_SHORT = 'unexpected end of file'
const FLAG_HEADER_CHECKSUM = 0x02
const FLAG_EXTRA = 0x04
const FLAG_NAME = 0x08
const FLAG_COMMENT = 0x10

/** A position in the data where decompression failed. */
export interface Corruption {
  readonly damage: string
  /** False when reading continues with the next member. */
  readonly isFinal: boolean
}

export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

export async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | Corruption> {
  const input = new ByteInput(chunks)
  try {
    do {
      const damage = yield* readMember(input)
      if (damage !== null) yield damage
      if (damage?.isFinal) return
    } while (!(await isPaddedToEnd(input)))
  } finally {
    await input.close()
  }
}

async function* readMember(input: ByteInput): AsyncGenerator<Buffer, Corruption | null> {
  const fault = await skipHeader(input)
  if (fault !== null) return { damage: fault, isFinal: true }
  const member = new Member(input)
  yield* member.read()
  if (member.fault !== null) return { damage: member.fault, isFinal: true }
  const mismatch = await member.checkTrailer()
  return mismatch === null ? null : { damage: mismatch, isFinal: mismatch === CUT_SHORT }
}

/** Returns true at the end of the input; archives with fixed blocks fill the last block with zeros. */
async function isPaddedToEnd(input: ByteInput): Promise<boolean> {
  while ((await input.fill(1)) && input.bytes[0] === 0) {
    const end = input.bytes.findIndex((byte) => byte !== 0)
    input.skip(end === -1 ? input.bytes.length : end)
  }
  return input.bytes.length === 0
}

/** Returns the reason why the header is invalid, or null. */
async function skipHeader(input: ByteInput): Promise<string | null> {
  const isWhole = await input.fill(10)
  const [first = 0x1f, second = 0x8b, method, flags = 0] = input.bytes
  if (first !== 0x1f || second !== 0x8b) return 'incorrect header check'
  if (!isWhole) return CUT_SHORT
  if (method !== 8) return 'unknown compression method'
  input.skip(10)
  const isComplete =
    (!(flags & FLAG_EXTRA) || (await skipExtra(input))) &&
    (!(flags & FLAG_NAME) || (await skipText(input))) &&
    (!(flags & FLAG_COMMENT) || (await skipText(input))) &&
    (!(flags & FLAG_HEADER_CHECKSUM) || (await input.discard(2)))
  return isComplete ? null : CUT_SHORT
}

async function skipExtra(input: ByteInput): Promise<boolean> {
  return (await input.fill(2)) && input.discard(2 + input.bytes.readUInt16LE(0))
}

/** Skips a text, which ends with a zero byte. */
async function skipText(input: ByteInput): Promise<boolean> {
  while (await input.fill(1)) {
    const end = input.bytes.indexOf(0)
    input.skip(end === -1 ? input.bytes.length : end + 1)
    if (end !== -1) return true
  }
  return false
}

/** The deflate stream of one member, and the checksum and length behind it. */
class Member {
  readonly #input: ByteInput
  #checksum = 0
  #length = 0
  /** The reason why the data could not be read to its end, or null. */
  fault: string | null = null

  constructor(input: ByteInput) {
    this.#input = input
  }

  async *read(): AsyncGenerator<Buffer> {
    if (!(await this.#input.fill(1))) return this.#fail(CUT_SHORT)
    const whole = this.#readSmall()
    if (whole !== null) return yield this.#count(whole)
    const inflater = new Inflater()
    try {
      while (await this.#input.fill(1)) {
        const { output, consumed, status } = await inflater.write(this.#input.bytes.subarray(0, STEP_BYTES))
        this.#input.skip(consumed)
        // What was yielded is released at once: otherwise the memory would hold it beside the next step.
        while (output.length > 0) yield this.#count(output.shift()!)
        if (status === 'ended') return
        if (status === 'damaged') return this.#fail('invalid compressed data')
      }
      this.#fail(CUT_SHORT)
    } finally {
      inflater.close()
    }
  }

  /** Returns the reason why the data differs from the original, or null. */
  async checkTrailer(): Promise<string | null> {
    if (!(await this.#input.fill(8))) return CUT_SHORT
    const checksum = this.#input.bytes.readUInt32LE(0)
    const length = this.#input.bytes.readUInt32LE(4)
    this.#input.skip(8)
    if (checksum !== this.#checksum) return 'incorrect data check'
    return length === this.#length ? null : 'incorrect length check'
  }

  /** Decompresses a small member that arrived completely; a separate stream would cost far more. */
  #readSmall(): Buffer | null {
    const { bytes } = this.#input
    try {
      const options = { info: true, maxOutputLength: MAX_SMALL_MEMBER_BYTES } as const
      const whole = inflateRawSync(bytes.subarray(0, STEP_BYTES), options) as unknown as InflatedWhole
      this.#input.skip(whole.engine.bytesWritten)
      return whole.buffer
    } catch {
      return null
    }
  }

  #count(bytes: Buffer): Buffer {
    this.#checksum = crc32(bytes, this.#checksum)
    this.#length = (this.#length + bytes.length) >>> 0
    return bytes
  }

  #fail(reason: string): void {
    this.fault = reason
  }
}

/** The result of zlib with the option `info`. */
interface InflatedWhole {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

/** Decompresses frames of LZ4. The checksum of the batch covers them, so their own checksums are passed over. */
import { PlainBytes } from './plain-bytes.ts'

const MAGIC = 0x184d2204
const HAS_BLOCK_CHECKSUM = 0x10
const HAS_CONTENT_SIZE = 0x08
const HAS_CONTENT_CHECKSUM = 0x04
const HAS_DICTIONARY = 0x01
const IS_UNCOMPRESSED = 0x8000_0000
const MIN_MATCH = 4
/** A length goes on in further bytes if its half of the token is this. */
const LONG_LENGTH = 15

export function decompressLz4(data: Buffer, maxBytes: number): Buffer {
  const output = new PlainBytes(maxBytes)
  for (let at = 0; at < data.length; ) at = decompressFrame(data, at, output)
  return output.finish()
}

/** Returns the position behind the frame. */
function decompressFrame(data: Buffer, start: number, output: PlainBytes): number {
  if (data.readUInt32LE(start) !== MAGIC) throw new Error('it has no frame of LZ4')
  const flags = data.readUInt8(start + 4)
  if ((flags & HAS_DICTIONARY) !== 0) throw new Error('it needs a dictionary')
  // The flags, the size of blocks, and the checksum of the header have a byte each.
  let at = start + 7 + ((flags & HAS_CONTENT_SIZE) === 0 ? 0 : 8)
  for (;;) {
    const head = data.readUInt32LE(at)
    at += 4
    if (head === 0) break
    const end = at + (head & ~IS_UNCOMPRESSED)
    if (end > data.length) throw new Error('it ends within a block')
    if ((head & IS_UNCOMPRESSED) !== 0) output.append(data, at, end)
    else decompressBlock(data, at, end, output)
    at = end + ((flags & HAS_BLOCK_CHECKSUM) === 0 ? 0 : 4)
  }
  return at + ((flags & HAS_CONTENT_CHECKSUM) === 0 ? 0 : 4)
}

function decompressBlock(data: Buffer, start: number, end: number, output: PlainBytes): void {
  let at = start
  const length = (half: number): number => {
    let all = half
    if (half !== LONG_LENGTH) return all
    for (;;) {
      const more = data.readUInt8(at++)
      all += more
      if (more !== 255) return all
    }
  }
  while (at < end) {
    const token = data.readUInt8(at++)
    const literals = length(token >> 4)
    if (at + literals > end) throw new Error('it ends within a literal')
    output.append(data, at, at + literals)
    at += literals
    // The last sequence has literals alone.
    if (at === end) return
    const distance = data.readUInt16LE(at)
    at += 2
    output.repeat(distance, MIN_MATCH + length(token & 15))
  }
}

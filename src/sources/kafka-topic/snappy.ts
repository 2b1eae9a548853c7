/** Decompresses Snappy, as one block or in the chunks that the clients of Java write. */
import { PlainBytes } from './plain-bytes.ts'

const CHUNKED = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
/** The mark, and two versions. */
const CHUNKED_HEAD_BYTES = 16

export function decompressSnappy(data: Buffer, maxBytes: number): Buffer {
  const output = new PlainBytes(maxBytes)
  if (!data.subarray(0, CHUNKED.length).equals(CHUNKED)) {
    decompressBlock(data, output)
    return output.finish()
  }
  for (let at = CHUNKED_HEAD_BYTES; at < data.length; ) {
    const end = at + 4 + data.readUInt32BE(at)
    if (end > data.length) throw new Error('it ends within a chunk')
    decompressBlock(data.subarray(at + 4, end), output)
    at = end
  }
  return output.finish()
}

/** Copies reach back to the beginning of their block at most. */
function decompressBlock(data: Buffer, output: PlainBytes): void {
  const start = output.length
  let at = 0
  let announced = 0
  for (let factor = 1; ; factor *= 128) {
    const byte = data.readUInt8(at++)
    announced += (byte & 0x7f) * factor
    if (byte < 0x80) break
    if (at > 4) throw new Error('its size is too long')
  }
  const repeat = (distance: number, count: number) => {
    if (distance > output.length - start) throw new Error('a copy begins before its block')
    output.repeat(distance, count)
  }
  while (at < data.length) {
    const tag = data.readUInt8(at++)
    const upper = tag >> 2
    switch (tag & 3) {
      case 0: {
        const sizeBytes = Math.max(0, upper - 59)
        const count = 1 + (sizeBytes === 0 ? upper : data.readUIntLE(at, sizeBytes))
        at += sizeBytes
        output.append(data, at, at + count)
        at += count
        break
      }
      case 1:
        repeat(((tag >> 5) << 8) | data.readUInt8(at), 4 + (upper & 7))
        at += 1
        break
      case 2:
        repeat(data.readUInt16LE(at), 1 + upper)
        at += 2
        break
      default:
        repeat(data.readUInt32LE(at), 1 + upper)
        at += 4
    }
  }
  if (output.length - start !== announced) throw new Error('it has another size than it says')
}

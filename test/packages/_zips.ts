/** Zip archives for tests, with any field of a member's header as the test wants it. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipPart {
  readonly name: string
  readonly content: Uint8Array
  readonly deflate?: boolean
  /** These values replace the correct ones. */
  readonly size?: number
  readonly packedSize?: number
  readonly packed?: Uint8Array
  readonly crc?: number
  readonly flags?: number
  readonly method?: number
  readonly start?: number
}

export function zipOf(
  parts: readonly ZipPart[],
  { comment = '', before = 0 }: { readonly comment?: string; readonly before?: number } = {},
): Buffer {
  const members: Buffer[] = [Buffer.alloc(before)]
  const directory: Buffer[] = []
  let at = before
  for (const part of parts) {
    const packed = part.packed ?? (part.deflate ? deflateRawSync(part.content) : part.content)
    const local = Buffer.concat([Buffer.alloc(30), Buffer.from(part.name), packed])
    local.writeUInt32LE(0x04034b50)
    local.writeUInt16LE(Buffer.byteLength(part.name), 26)
    members.push(local)
    directory.push(entryOf(part, packed, at))
    at += local.length
  }
  const entries = Buffer.concat(directory)
  return Buffer.concat([...members, entries, endOf(parts.length, entries.length, at, comment)])
}

function entryOf(part: ZipPart, packed: Uint8Array, at: number): Buffer {
  const name = Buffer.from(part.name)
  const entry = Buffer.concat([Buffer.alloc(46), name])
  entry.writeUInt32LE(0x02014b50)
  entry.writeUInt16LE(part.flags ?? 0, 8)
  entry.writeUInt16LE(part.method ?? (part.deflate ? 8 : 0), 10)
  entry.writeUInt32LE(part.crc ?? crc32(part.content), 16)
  entry.writeUInt32LE(part.packedSize ?? packed.length, 20)
  entry.writeUInt32LE(part.size ?? part.content.length, 24)
  entry.writeUInt16LE(name.length, 28)
  entry.writeUInt32LE(part.start ?? at, 42)
  return entry
}

function endOf(count: number, size: number, start: number, comment: string): Buffer {
  const end = Buffer.concat([Buffer.alloc(22), Buffer.from(comment)])
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(start, 16)
  end.writeUInt16LE(comment.length, 20)
  return end
}

/**
 * Reads zip archives whose writer is not trusted. Sizes are the writer's claims: a member is unpacked up to the size
 * that the archive declares for it, and an archive that declares another size than comes out is refused. So is one whose
 * members share bytes, because few bytes could then be unpacked again and again.
 */
import { crc32, inflateRawSync } from 'node:zlib'
import { isError, messageOf, UserError } from '../errors.ts'

interface ZipMember {
  /** The name as the archive has it. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** An entry of the archive's directory. */
interface Entry {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packedSize: number
  readonly size: number
  /** The offset of the member's own header. */
  readonly start: number
}

const END = { signature: 0x06054b50, length: 22, maxComment: 0xffff }
const DIRECTORY = { signature: 0x02014b50, length: 46 }
const LOCAL = { signature: 0x04034b50, length: 30 }
const FLAGS = { encrypted: 1, utf8: 0x800 }
const METHODS = { stored: 0, deflated: 8 }
/** The values that announce a larger number in the zip64 extension. */
const IN_ZIP64 = { count: 0xffff, size: 0xffffffff }

/** An error of an archive, without the archive's name. */
class ZipError extends Error {}

/**
 * @param spend gets the size of each member before the member is unpacked; it throws where it is too much.
 * @param file the name of the archive, for messages.
 */
export function readZip(archive: Uint8Array, file: string, spend: (bytes: number) => void): ZipMember[] {
  try {
    const zip = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength)
    const { entries, end } = directoryOf(zip)
    const ranges = entries.map((entry) => ({ entry, ...rangeOf(zip, entry, end) }))
    assertNoSharedBytes(ranges)
    return ranges.map(({ entry, data }) => {
      spend(entry.size)
      return { name: entry.name, bytes: unpack(entry, data) }
    })
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    throw new UserError(`cannot unpack ${file}: ${messageOf(cause)}`, { code: 'invalid-wheel', cause })
  }
}

/** @returns end: where the directory begins, and the members end. */
function directoryOf(zip: Buffer): { entries: Entry[]; end: number } {
  const at = endRecord(zip)
  const count = zip.readUInt16LE(at + 10)
  const size = zip.readUInt32LE(at + 12)
  const start = zip.readUInt32LE(at + 16)
  if (count === IN_ZIP64.count || [size, start].includes(IN_ZIP64.size))
    throw new ZipError('it uses the zip64 extension')
  if (start + size > at) throw new ZipError('its directory is cut off')
  const directory = zip.subarray(start, start + size)
  const entries: Entry[] = []
  for (let offset = 0; entries.length < count; ) {
    const { entry, length } = entryAt(directory, offset)
    entries.push(entry)
    offset += length
  }
  return { entries, end: start }
}

/** The last record of an archive; only a comment may follow it. */
function endRecord(zip: Buffer): number {
  const first = Math.max(0, zip.length - END.length - END.maxComment)
  for (let at = zip.length - END.length; at >= first; at--) {
    if (zip.readUInt32LE(at) === END.signature) return at
  }
  throw new ZipError('it is not a zip archive')
}

function entryAt(directory: Buffer, at: number): { entry: Entry; length: number } {
  if (at + DIRECTORY.length > directory.length || directory.readUInt32LE(at) !== DIRECTORY.signature)
    throw new ZipError('its directory is cut off')
  const field16 = (offset: number) => directory.readUInt16LE(at + offset)
  const field32 = (offset: number) => directory.readUInt32LE(at + offset)
  const flags = field16(8)
  const nameLength = field16(28)
  const name = directory.subarray(at + DIRECTORY.length, at + DIRECTORY.length + nameLength)
  const entry = {
    name: name.toString((flags & FLAGS.utf8) !== 0 ? 'utf8' : 'latin1'),
    flags,
    method: field16(10),
    crc: field32(16),
    packedSize: field32(20),
    size: field32(24),
    start: field32(42),
  }
  return { entry, length: DIRECTORY.length + nameLength + field16(30) + field16(32) }
}

interface MemberRange {
  readonly entry: Entry
  readonly data: Buffer
  readonly start: number
  readonly end: number
}

function rangeOf(zip: Buffer, { name, start, packedSize }: Entry, limit: number): Omit<MemberRange, 'entry'> {
  if (start + LOCAL.length > limit || zip.readUInt32LE(start) !== LOCAL.signature)
    throw new ZipError(`the header of ${name} is missing`)
  const at = start + LOCAL.length + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28)
  const end = at + packedSize
  if (end > limit) throw new ZipError(`${name} is cut off`)
  return { data: zip.subarray(at, end), start, end }
}

function assertNoSharedBytes(ranges: readonly MemberRange[]): void {
  const ordered = ranges.toSorted((a, b) => a.start - b.start)
  for (const [index, { entry, start }] of ordered.entries()) {
    const before = ordered[index - 1]
    if (before && start < before.end)
      throw new ZipError(`${before.entry.name} and ${entry.name} share bytes of the archive`)
  }
}

function unpack({ name, flags, method, crc, size }: Entry, data: Buffer): Uint8Array {
  if ((flags & FLAGS.encrypted) !== 0) throw new ZipError(`${name} is encrypted`)
  if (method !== METHODS.stored && method !== METHODS.deflated)
    throw new ZipError(`${name} is compressed by the unknown method ${method}`)
  const bytes = method === METHODS.stored ? data : inflate(name, data, size)
  if (bytes.length !== size) throw wrongSize(name)
  if (crc32(bytes) !== crc) throw new ZipError(`the checksum of ${name} is wrong`)
  return bytes
}

function inflate(name: string, data: Buffer, size: number): Buffer {
  try {
    // One byte more than declared is never needed, and the limit cannot be 0.
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw wrongSize(name)
    throw new ZipError(`${name} cannot be unpacked: ${messageOf(cause)}`, { cause })
  }
}

function wrongSize(name: string): ZipError {
  return new ZipError(`${name} has another size than the archive declares`)
}

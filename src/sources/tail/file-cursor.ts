/**
 * The cursor of a file source: the files of a log with inode, time of birth, fingerprint and read position. A whole file
 * is a log of one file.
 */
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Position } from '../framing/frame.ts'
import type { Fingerprint, ReadAt } from './content-fingerprint.ts'

/** The bytes that are read of a file at once. */
export const CHUNK_BYTES = 256 * 1024

/** Identifies a file independently of its name and content. */
export interface FileIdentity {
  readonly inode: string
  /** The time in nanoseconds; 0 when the file system does not keep it. */
  readonly bornAt: bigint
}

export interface FileRecord extends FileIdentity {
  /** The bytes on disk when the file was last seen. */
  readonly size: number
  /** The position where reading resumes; for a compressed file it counts decompressed bytes. */
  readonly at: Position
  /** The fingerprint of the content that was seen. */
  readonly print: Fingerprint
  /** The file in which the content was first read; an event that is read again from a copy keeps its origin. */
  readonly origin: string
  /** A `finished` file was replaced, read to its end and is quiet; a `past` file existed before the first start. */
  readonly state: 'open' | 'finished' | 'past'
  /** The last path of a file whose name does not show that it belongs to the log, such as the target of a link. */
  readonly path?: string
  /** The former file of content that was rewritten; the record has no file then. */
  readonly rewritten?: { readonly path: string; readonly inode: string }
  /** The file that holds a copy of the content, and the bytes of the copy. */
  readonly copy?: { readonly path: string; readonly inode: string; readonly bytes: number }
}

export interface LogCursor {
  readonly files: readonly FileRecord[]
  /** Files that were born before this time and are not in `files` were read long ago. */
  readonly forgottenBefore: bigint
  /** A cursor of the first version has this file: rotated files with an earlier last write were read. */
  readonly readUntil: (FileIdentity & { readonly modifiedAt: bigint }) | null
}

export const NO_FILES: LogCursor = { files: [], forgottenBefore: 0n, readUntil: null }

export function originOf({ inode, bornAt }: FileIdentity): string {
  return `${inode}/${bornAt}`
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.bornAt === b.bornAt
}

/** Creates the text around the position once for many events of one file. */
export function cursorsIn(
  file: FileRecord,
  others: readonly FileRecord[] = [],
  forgottenBefore = 0n,
): (at: Position) => string {
  const { at: _, ...rest } = fields(file)
  const before = others.map((other) => `${JSON.stringify(fields(other))},`).join('')
  const beginning = `${preamble(forgottenBefore)}${before}${JSON.stringify(rest).slice(0, -1)},"at":`
  return (at) => `${beginning}${JSON.stringify(at)}}]}`
}

export function encodeCursor(files: readonly FileRecord[], forgottenBefore = 0n): string {
  return `${preamble(forgottenBefore)}${files.map((file) => JSON.stringify(fields(file))).join(',')}]}`
}

function preamble(forgottenBefore: bigint): string {
  return `{"version":2,"forgottenBefore":"${forgottenBefore}","files":[`
}

function fields({ bornAt, ...record }: FileRecord) {
  return { ...record, bornAt: String(bornAt) }
}

/** Returns null for a text that is not such a cursor. */
export function decodeCursor(text: string | null): LogCursor | null {
  if (text === null) return null
  try {
    const value = JSON.parse(text)
    return value.version === 2 ? currentCursor(value) : firstCursor(value)
  } catch {
    return null
  }
}

function currentCursor(value: { files: (FileRecord & { bornAt: string })[]; forgottenBefore: string }) {
  const files = value.files.map((file) => ({ ...file, bornAt: BigInt(file.bornAt) }))
  if (!files.every(isRecord)) return null
  return { files, forgottenBefore: BigInt(value.forgottenBefore), readUntil: null }
}

/** The first version named one file, the hash of its beginning, and when it was last written to. */
function firstCursor(value: {
  file: { inode: string; modifiedAt: string; bornAt: string }
  at: (Position & { head: { bytes: number; hash: string } }) | null
}): LogCursor | null {
  const identity = { inode: value.file.inode, bornAt: BigInt(value.file.bornAt) }
  const readUntil = { ...identity, modifiedAt: BigInt(value.file.modifiedAt) }
  if (value.at === null) return typeof identity.inode === 'string' ? { ...NO_FILES, readUntil } : null
  const { head, ...at } = value.at
  const file: FileRecord = {
    ...identity,
    size: at.offset,
    at,
    print: { ...head, marks: '' },
    origin: originOf(identity),
    state: 'open',
  }
  return isRecord(file) ? { files: [file], forgottenBefore: 0n, readUntil } : null
}

function isRecord({ inode, size, at, print, origin, state }: FileRecord): boolean {
  const texts = [inode, print.hash, print.marks, origin]
  return (
    texts.every((text) => typeof text === 'string') &&
    [size, at.offset, at.line, at.skip, print.bytes].every(Number.isSafeInteger) &&
    ['open', 'finished', 'past'].includes(state)
  )
}

export function identityOf({ ino, birthtimeNs }: BigIntStats): FileIdentity {
  return { inode: String(ino), bornAt: birthtimeNs }
}

/** Yields the bytes of a file from a position to its end. */
export async function* chunksOf(handle: FileHandle, start = 0): AsyncGenerator<Buffer> {
  const readAt = readerOf(handle)
  for (let position = start; ; ) {
    const chunk = await readAt(position, CHUNK_BYTES)
    if (chunk.length === 0) return
    yield chunk
    position += chunk.length
  }
}

export function readerOf(handle: FileHandle): ReadAt {
  return async (position, length) => {
    const buffer = Buffer.allocUnsafe(length)
    let bytes = 0
    while (bytes < length) {
      const { bytesRead } = await handle.read(buffer, bytes, length - bytes, position + bytes)
      if (bytesRead === 0) break
      bytes += bytesRead
    }
    return buffer.subarray(0, bytes)
  }
}

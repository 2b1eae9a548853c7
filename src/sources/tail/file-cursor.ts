/**
 * The cursor of a file: the files of a log that were read, each known by inode, time of birth and content, and how far
 * each was read. A whole file is a log of one file.
 */
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Position } from '../framing/frame.ts'
import type { Fingerprint, ReadAt } from './content-fingerprint.ts'

/** Distinguishes a file from all others, whatever becomes of its name and content. */
export interface FileIdentity {
  readonly inode: string
  /** Nanoseconds; 0 where the file system does not keep it. */
  readonly bornAt: bigint
}

export interface FileRecord extends FileIdentity {
  /** Bytes on the disk when it was last seen. */
  readonly size: number
  /** Where reading goes on; of a compressed file, in the decompressed content. */
  readonly at: Position
  /** Of the content, as far as it was seen. */
  readonly print: Fingerprint
  /** Where its content was first read: an event that is read again from a copy keeps its origin. */
  readonly origin: string
  /** `finished`: replaced, read to its end, and quiet since. `past`: it was there before the first start. */
  readonly state: 'open' | 'finished' | 'past'
  /** Where it was last seen, of a file whose name does not show that it belongs to the log: the target of a link. */
  readonly path?: string
  /** The file that held it, of content that was rewritten: the record has no file then. */
  readonly rewritten?: { readonly path: string; readonly inode: string }
  /** The file in which its content goes on, and how much of it is there. */
  readonly copy?: { readonly path: string; readonly inode: string; readonly bytes: number }
}

export interface LogCursor {
  readonly files: readonly FileRecord[]
  /** Files that were born before and are not among `files` were read long ago. */
  readonly forgottenBefore: bigint
  /** Of a cursor of the first version: rotated files that were last written to before this one was were read. */
  readonly readUntil: (FileIdentity & { readonly modifiedAt: bigint }) | null
}

export const NO_FILES: LogCursor = { files: [], forgottenBefore: 0n, readUntil: null }

export function originOf({ inode, bornAt }: FileIdentity): string {
  return `${inode}/${bornAt}`
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.bornAt === b.bornAt
}

/** For many events of one file the text around the position is made once. */
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

/** null for text that is no cursor of ours. */
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

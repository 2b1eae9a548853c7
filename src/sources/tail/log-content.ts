/** Reads the content of a plain or compressed file of a log to recognize it. */
import type { FileHandle } from 'node:fs/promises'
import { contentOf } from './compressed-file.ts'
import {
  ContentPrinter,
  type Fingerprint,
  hashUpTo,
  isSameBeginning,
  type ReadAt,
  type Relation,
  WINDOW_BYTES,
} from './content-fingerprint.ts'
import { readerOf } from './file-cursor.ts'

export interface Content {
  /** The fingerprint of all content before possible corruption. */
  readonly print: Fingerprint
  /** Returns the hash of the bytes before the offset; undefined when the content is shorter. */
  hashUpTo(bytes: number): Promise<string | undefined>
}

async function plainContent(readAt: ReadAt, size: number): Promise<Content> {
  const print = (await ContentPrinter.upTo(readAt, size)).print()
  return { print, hashUpTo: (bytes) => hashUpTo(readAt, bytes) }
}

/** Decompresses the content once and computes hashes at the offsets of the fingerprints. */
async function compressedContent(handle: FileHandle, prints: readonly Fingerprint[]): Promise<Content> {
  const points = [...new Set(prints.map(({ bytes }) => bytes))].sort((a, b) => a - b)
  const hashes = new Map<number, string>()
  const printer = new ContentPrinter()
  for await (const part of contentOf(handle)) {
    if (!Buffer.isBuffer(part)) break
    let rest = part
    for (let point = points[0]; point !== undefined; point = points[0]) {
      const missing = point - printer.bytes
      if (missing > rest.length) break
      printer.push(rest.subarray(0, missing))
      rest = rest.subarray(missing)
      hashes.set(point, printer.print().hash)
      points.shift()
    }
    printer.push(rest)
  }
  return { print: printer.print(), hashUpTo: async (bytes) => hashes.get(bytes) }
}

/** Computes a fingerprint of the beginning, because reading the whole file would take too long. */
export async function printOfBeginning(handle: FileHandle): Promise<Fingerprint> {
  const printer = new ContentPrinter()
  for await (const part of contentOf(handle)) {
    if (Buffer.isBuffer(part)) printer.push(part.subarray(0, WINDOW_BYTES - printer.bytes))
    if (printer.bytes === WINDOW_BYTES || !Buffer.isBuffer(part)) break
  }
  return printer.print()
}

export async function contentIn(
  handle: FileHandle,
  isCompressed: boolean,
  prints: readonly Fingerprint[],
): Promise<Content> {
  if (isCompressed) return compressedContent(handle, prints)
  return plainContent(readerOf(handle), (await handle.stat()).size)
}

export async function relationTo(content: Content, seen: Fingerprint): Promise<Relation> {
  if (seen.bytes === 0 || !isSameBeginning(content.print, seen)) return 'different'
  if (content.print.bytes < seen.bytes) {
    return seen.marks !== '' && content.print.marks !== '' ? 'shorter' : 'different'
  }
  return (await content.hashUpTo(seen.bytes)) === seen.hash ? 'continued' : 'different'
}

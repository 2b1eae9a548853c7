/** Reads a file once, from its beginning or from where an earlier run stopped, to its end. */
import type { FileHandle } from 'node:fs/promises'
import { messageOf } from '../errors.ts'
import {
  beginningOf,
  beginsWith,
  decodeCursor,
  encodeCursor,
  headOf,
  originOf,
  sightingOf,
} from './_file-cursor.ts'
import { Framer } from './_framer.ts'
import { isDamage, isGzip, plain } from './_gunzip.ts'
import { framed, type Piece, type Position, START } from './_piece.ts'
import type { SourceContext, SourceSpec } from './_source.ts'
import { EmitWindow } from './_window.ts'

const CHUNK_BYTES = 256 * 1024

export async function readWholeFile(
  file: FileHandle,
  spec: SourceSpec,
  context: SourceContext,
): Promise<void> {
  const { log } = context
  const isRegular = (await file.stat()).isFile()
  const isCompressed = spec.target.endsWith('.gz') || (isRegular && isGzip(await firstBytes(file)))
  const head = isRegular ? headOf(await beginningOf(file)) : null
  const seen = await sightingOf(file)
  const at = isRegular ? await resumeAt(file, isCompressed, context) : START
  const framer = new Framer({ eventBytes: context.limits.eventBytes, unwrap: spec.unwrap }, at)
  const window = new EmitWindow(context)
  const { signal } = window
  let events = 0
  const feed = async (pieces: readonly Piece[]) => {
    events += pieces.length
    const from = ({ next }: Piece) =>
      head && { cursor: encodeCursor({ file: seen, at: { ...next, head } }), origin: originOf(seen) }
    await window.feed(pieces.map((piece) => framed(piece, from(piece))))
  }
  try {
    for await (const chunk of bytesFrom(file, isRegular, isCompressed, at.offset)) {
      if (signal.aborted) break
      await feed(framer.push(chunk))
    }
    if (!signal.aborted) await feed(framer.end())
  } catch (cause) {
    if (!isDamage(cause)) throw cause
    log.error({ source: spec.name, error: cause }, 'the compressed file is damaged or cut short')
    await feed(framer.breakOff(`the gzip data is damaged: ${messageOf(cause)}`))
  } finally {
    await window.drain()
  }
  if (events === 0 && at !== START && !signal.aborted) {
    log.info({ source: spec.name }, 'read to its end by an earlier run: nothing new')
  }
}

async function resumeAt(
  file: FileHandle,
  isCompressed: boolean,
  { cursor, log }: SourceContext,
): Promise<Position> {
  const stored = decodeCursor(cursor)
  if (!stored?.at) return START
  const isLongEnough = isCompressed || (await file.stat()).size >= stored.at.offset
  const isSameInode = stored.file.inode === (await sightingOf(file)).inode
  if (isSameInode && isLongEnough && (await beginsWith(file, stored.at.head))) return stored.at
  log.info({}, 'not the file that an earlier run read: starting at its beginning')
  return START
}

/** The bytes after `offset`, decompressed; an offset into compressed data counts decompressed bytes. */
async function* bytesFrom(
  file: FileHandle,
  isRegular: boolean,
  isCompressed: boolean,
  offset: number,
): AsyncGenerator<Buffer> {
  if (!isRegular) yield* plain(chunksOf(file, null), isCompressed)
  else if (isCompressed) yield* without(plain(chunksOf(file, 0), true), offset)
  else yield* chunksOf(file, offset)
}

/** `start` null: a pipe, which has no positions. */
async function* chunksOf(file: FileHandle, start: number | null): AsyncGenerator<Buffer> {
  for (let position = start; ; ) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    if (position !== null) position += bytesRead
  }
}

async function firstBytes(file: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(2)
  await file.read(head, 0, 2, 0)
  return head
}

async function* without(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}

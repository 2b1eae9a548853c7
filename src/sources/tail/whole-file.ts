/** Reads a file once, from its beginning or from where an earlier run stopped, to its end. */
import type { FileHandle } from 'node:fs/promises'
import type { SourceContext, SourceSpec } from '../_source.ts'
import { type Position, START_POSITION } from '../framing/frame.ts'
import { framedStream } from '../framing/framed-stream.ts'
import { Framer } from '../framing/framer.ts'
import { isGzip } from '../framing/gunzip.ts'
import { EmitWindow, type SharedWindow } from '../stream/emit-window.ts'
import { ContentPrinter, relationOf, WINDOW_BYTES } from './content-fingerprint.ts'
import {
  chunksOf,
  cursorsIn,
  decodeCursor,
  type FileRecord,
  identityOf,
  originOf,
  readerOf,
} from './file-cursor.ts'

/** The other files of the same source. */
interface Companions {
  /** Their records, which each cursor holds, too. */
  readonly others: readonly FileRecord[]
  readonly shared: SharedWindow
}

export async function readWholeFile(
  file: FileHandle,
  spec: SourceSpec,
  context: SourceContext,
  companions: Companions | null = null,
): Promise<void> {
  const { log, limits } = context
  const isCompressed = spec.target.endsWith('.gz') || isGzip(await firstBytes(file))
  const record = await recordOf(file)
  const input = { origin: record.origin, cursorAt: cursorsIn(record, companions?.others) }
  const at = await resumeAt(file, isCompressed, context, companions !== null)
  const framer = new Framer({ eventBytes: limits.eventBytes, unwrap: spec.unwrap }, at)
  const window = new EmitWindow(context, companions?.shared)
  const { signal } = window
  let events = 0
  const options = { framer, source: spec.name, log, signal }
  // An offset into compressed data counts decompressed bytes.
  const stream = isCompressed
    ? framedStream(chunksOf(file, 0), { ...options, format: 'gzip', skipBytes: at.offset })
    : framedStream(chunksOf(file, at.offset), { ...options, format: 'plain', skipBytes: 0 })
  try {
    for await (const frames of stream) {
      events += frames.length
      await window.feed(frames, input)
    }
  } finally {
    await window.drain()
  }
  if (events === 0 && at !== START_POSITION && !signal.aborted) {
    log.info({ source: spec.name }, 'no new data: an earlier run read the file to its end')
  }
}

async function resumeAt(
  file: FileHandle,
  isCompressed: boolean,
  { cursor, log }: SourceContext,
  isOneOfMany: boolean,
): Promise<Position> {
  const identity = identityOf(await file.stat({ bigint: true }))
  const { files = [] } = decodeCursor(cursor) ?? {}
  if (files.length === 0) return START_POSITION
  const { size } = await file.stat()
  for (const { inode, at, print } of files) {
    const isLongEnough = isCompressed || size >= at.offset
    if (inode !== identity.inode || !isLongEnough) continue
    if ((await relationOf(readerOf(file), size, print)) === 'continued') return at
  }
  if (!isOneOfMany)
    log.info({}, 'the file differs from the one that an earlier run read; reading starts at its beginning')
  return START_POSITION
}

/** The fingerprint covers only the beginning: later content is appended, or the file is a different one. */
async function recordOf(file: FileHandle): Promise<FileRecord> {
  const stats = await file.stat({ bigint: true })
  const identity = identityOf(stats)
  const printer = new ContentPrinter()
  printer.push(await readerOf(file)(0, WINDOW_BYTES))
  const origin = originOf(identity)
  return {
    ...identity,
    size: Number(stats.size),
    at: START_POSITION,
    print: printer.print(),
    origin,
    state: 'open',
  }
}

async function firstBytes(file: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(2)
  await file.read(head, 0, 2, 0)
  return head
}

/** Reads one file of recorded events: JSON lines, lists or containers, also compressed. */
import { createReadStream } from 'node:fs'
import type { Log } from '../model/ports.ts'
import type { FramedEvent } from '../sources/_source.ts'
import { START_POSITION, toFramedEvent } from '../sources/framing/frame.ts'
import { framedStream } from '../sources/framing/framed-stream.ts'
import { Framer } from '../sources/framing/framer.ts'

const CHUNK_BYTES = 256 * 1024

interface ReadOptions {
  readonly path: string
  readonly unwrap: string | null
  readonly eventBytes: number
  /** It is called with the number of bytes of the file that were read. */
  readonly onBytes: (bytes: number) => void
  readonly log: Log
  readonly signal: AbortSignal
}

export async function* readEventFile(options: ReadOptions): AsyncGenerator<readonly FramedEvent[]> {
  const { path, unwrap, eventBytes, log, signal } = options
  const framer = new Framer({ eventBytes, unwrap }, START_POSITION)
  const framing = { framer, format: 'unknown', skipBytes: 0, source: path, log, signal } as const
  for await (const frames of framedStream(bytesOf(options), framing)) {
    if (frames.length > 0) yield frames.map((frame) => toFramedEvent(frame, path))
  }
}

async function* bytesOf({ path, onBytes }: ReadOptions): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const bytes = chunk as Buffer
    onBytes(bytes.length)
    yield bytes
  }
}

/** Reads one file of recorded events: JSON lines, lists or containers, also compressed, or an archive of `run --record`. */
import { createReadStream } from 'node:fs'
import { ARCHIVE_EXTENSION, type ArchivedEvent } from '../archive/archive-format.ts'
import type { ArchiveKeys } from '../archive/archive-keys.ts'
import { type ArchivePart, readArchive } from '../archive/archive-reader.ts'
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
  /** The keys of archives; null: archives are not encrypted. */
  readonly keys: ArchiveKeys | null
  /** It is called with the number of bytes of the file that were read. */
  readonly onBytes: (bytes: number) => void
  readonly log: Log
  readonly signal: AbortSignal
}

/** An event, with what an archive says about it. */
export interface RecordedEvent {
  readonly framed: FramedEvent
  readonly archived?: Omit<ArchivedEvent, 'raw'>
}

export async function* readEventFile(options: ReadOptions): AsyncGenerator<readonly RecordedEvent[]> {
  const { path, unwrap, eventBytes, keys, log, signal } = options
  if (path.endsWith(ARCHIVE_EXTENSION)) {
    for await (const part of readArchive(path, bytesOf(options), keys)) {
      if (signal.aborted) return
      yield eventsIn(part, path)
    }
    return
  }
  const framer = new Framer({ eventBytes, unwrap }, START_POSITION)
  const framing = { framer, format: 'unknown', skipBytes: 0, source: path, log, signal } as const
  for await (const frames of framedStream(bytesOf(options), framing)) {
    if (frames.length > 0) yield frames.map((frame) => ({ framed: toFramedEvent(frame, path) }))
  }
}

function eventsIn(part: ArchivePart, origin: string): readonly RecordedEvent[] {
  const position = `byte ${part.offset}`
  if (part.kind === 'damage')
    return [{ framed: { raw: '', refused: `the archive is damaged: ${part.reason}`, position, origin } }]
  return part.events.map(({ raw, ...archived }, at) => ({
    framed: { raw, position: `block at ${position}, event ${at + 1}`, origin },
    archived,
  }))
}

async function* bytesOf({ path, onBytes }: ReadOptions): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const bytes = chunk as Buffer
    onBytes(bytes.length)
    yield bytes
  }
}

/** Reads the new content of a compressed file of a log to its end. */
import type { FileHandle } from 'node:fs/promises'
import type { Log } from '../../model/ports.ts'
import type { Frame, FramingRules } from '../framing/frame.ts'
import { CompressedFile } from './compressed-file.ts'
import type { FileRecord } from './file-cursor.ts'
import type { LogFile } from './log-files.ts'

interface Ports {
  readonly rules: FramingRules
  /** Feeds events and returns the record after them. */
  readonly feed: (record: FileRecord, frames: readonly Frame[]) => Promise<FileRecord>
  /** True when a truncated file may still become complete. */
  readonly isBeingWritten: boolean
  readonly signal: AbortSignal
  readonly log: Log
  readonly source: string
}

/** Closes the handle and returns the new record, which is finished unless more content may follow. */
export async function readCompressed(
  record: FileRecord,
  handle: FileHandle,
  listed: LogFile,
  ports: Ports,
): Promise<FileRecord> {
  try {
    return await readOn(record, handle, listed, ports)
  } finally {
    await handle.close()
  }
}

async function readOn(
  opened: FileRecord,
  handle: FileHandle,
  listed: LogFile,
  ports: Ports,
): Promise<FileRecord> {
  let record = opened
  const file = new CompressedFile(handle, ports.rules, record.at)
  for await (const { frames, print, damage } of file.read()) {
    if (damage?.isFinal && ports.isBeingWritten) return record
    if (damage) {
      const fields = { source: ports.source, file: listed.path, error: damage.damage }
      ports.log.error(fields, 'a compressed file is corrupt or truncated')
    }
    record = await ports.feed({ ...record, print }, damage ? file.refused(damage) : frames)
    if (ports.signal.aborted) return record
  }
  return { ...record, size: listed.size, state: 'finished' }
}

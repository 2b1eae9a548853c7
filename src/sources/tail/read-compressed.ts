/** Reads what is new in a compressed file of a log, to its end. */
import type { FileHandle } from 'node:fs/promises'
import type { Log } from '../../model/ports.ts'
import type { Frame, FramingRules } from '../framing/frame.ts'
import { CompressedFile } from './compressed-file.ts'
import type { FileRecord } from './file-cursor.ts'
import type { LogFile } from './log-files.ts'

interface Ports {
  readonly rules: FramingRules
  /** Returns the record as it is after the events. */
  readonly feed: (record: FileRecord, frames: readonly Frame[]) => Promise<FileRecord>
  /** What is cut short may then still be completed. */
  readonly isBeingWritten: boolean
  readonly signal: AbortSignal
  readonly log: Log
  readonly source: string
}

/** Returns the record as it is afterwards: finished, unless there may be more to read. Closes the handle. */
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
      ports.log.error(fields, 'a compressed file is damaged or cut short')
    }
    record = await ports.feed({ ...record, print }, damage ? file.refused(damage) : frames)
    if (ports.signal.aborted) return record
  }
  return { ...record, size: listed.size, state: 'finished' }
}

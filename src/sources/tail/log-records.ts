/** The bounded records of the files of a log, which are kept between passes and between runs. */

import type { Position } from '../framing/frame.ts'
import {
  cursorsIn,
  encodeCursor,
  type FileIdentity,
  type FileRecord,
  isSameFile,
  type LogCursor,
  originOf,
} from './file-cursor.ts'
import { isListed, type LogFile } from './log-files.ts'

/** This number of missing files is remembered, to recognize copies and compressed files. */
const MAX_ABSENT_FILES = 8
/** This number of read files is remembered; for older files only the time of birth decides. */
const MAX_PRESENT_FILES = 128

export class LogRecords {
  #files: readonly FileRecord[]
  #forgottenBefore: bigint
  /** True while a change was not committed together with events. */
  isChanged = false

  constructor({ files, forgottenBefore }: LogCursor) {
    this.#files = files
    this.#forgottenBefore = forgottenBefore
  }

  all(): readonly FileRecord[] {
    return this.#files
  }

  of(file: FileIdentity): FileRecord | null {
    return this.#files.find((record) => isSameFile(record, file)) ?? null
  }

  put(record: FileRecord): FileRecord {
    const before = this.of(record)
    this.isChanged ||= before?.state !== record.state
    this.#files = before
      ? this.#files.map((other) => (other === before ? record : other))
      : [...this.#files, record]
    return record
  }

  /** Keeps the record of rewritten content without a file. */
  detach(record: FileRecord, path: string): void {
    const detached = { ...record, inode: '', bornAt: 0n, rewritten: { path, inode: originOf(record) } }
    // Only the last content of an origin can still appear as a copy; unreported records stay.
    this.#files = this.#files
      .filter(({ inode, origin, state }) => inode !== '' || state === 'open' || origin !== record.origin)
      .map((other) => (isSameFile(other, record) ? detached : other))
    this.isChanged = true
  }

  update(record: FileRecord, changes: Partial<FileRecord>): FileRecord {
    const updated = { ...record, ...changes }
    this.#files = this.#files.map((other) => (other === record ? updated : other))
    this.isChanged ||= updated.state !== record.state
    return updated
  }

  /** Returns true for a file that was read long ago according to its time of birth. */
  isForgotten({ bornAt }: FileIdentity): boolean {
    return bornAt > 0n && bornAt <= this.#forgottenBefore
  }

  /** @param isComplete false when files may exist that were not listed: more of the missing ones are remembered then. */
  trim(listed: readonly LogFile[], isComplete: boolean): void {
    const maxAbsent = isComplete ? MAX_ABSENT_FILES : MAX_PRESENT_FILES
    const read = this.#files.filter(({ state }) => state !== 'open')
    const absent = read.filter((record) => !isListed(record, listed)).slice(0, -maxAbsent)
    const present = read
      .filter((record) => record.bornAt > 0n && isListed(record, listed))
      .sort((a, b) => Number(a.bornAt - b.bornAt))
      .slice(0, -MAX_PRESENT_FILES)
    if (absent.length + present.length === 0) return
    const last = present.at(-1)
    if (last && last.bornAt > this.#forgottenBefore) this.#forgottenBefore = last.bornAt
    const dropped = new Set([...absent, ...present])
    this.#files = this.#files.filter((record) => !dropped.has(record))
    this.isChanged = true
  }

  cursor(): string {
    return encodeCursor(this.#files, this.#forgottenBefore)
  }

  /** Returns the function that creates the cursor for a position in the file. */
  cursorsIn(record: FileRecord): (at: Position) => string {
    const others = this.#files.filter((other) => !isSameFile(other, record))
    return cursorsIn(record, others, this.#forgottenBefore)
  }
}

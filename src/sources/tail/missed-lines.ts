/**
 * Reports missed lines of a log: the file, the first missed byte, and the number of missed bytes that were seen.
 * Lines that were never seen cannot be counted, and each report states this.
 */
import type { Log } from '../../model/ports.ts'
import { type OpenFiles, recordOf } from './examine-log.ts'
import { type FileRecord, isSameFile, originOf } from './file-cursor.ts'
import { isListed, type LogFile, type LogFiles } from './log-files.ts'
import type { LogRecords } from './log-records.ts'

interface Loss {
  readonly file: string | undefined
  readonly inode: string
  /** The first missed byte. */
  readonly from: number
  /** The number of missed bytes that were seen. */
  readonly bytes: number
  /** The file that holds the content before `from`. */
  readonly copy?: string
  readonly copyInode?: string
}

export class MissedLines {
  readonly #files: LogFiles
  readonly #records: LogRecords
  readonly #source: string
  readonly #log: Log
  /** These records were not found once: that listing may be older than the copy. */
  #absent = new Set<FileRecord>()
  /** The files of the last pass that read everything. */
  #listedBefore: readonly { readonly file: LogFile; readonly record: FileRecord | null }[] = []
  /** These files were not found once. */
  #vanished = new Set<string>()

  constructor(records: LogRecords, files: LogFiles, source: string, log: Log) {
    this.#files = files
    this.#records = records
    this.#source = source
    this.#log = log
  }

  /** Reports possible losses of a file with new content: lines that its writers wrote elsewhere meanwhile. */
  firstSeen(file: LogFile, contentBytes: number, listed: readonly LogFile[]): void {
    const own = listed.at(-1)
    if (file.rotated?.isCompressed) {
      const loss = { file: file.path, inode: originOf(file), from: contentBytes, bytes: 0 }
      this.#warn(loss, 'compressed before it was read', 'that were written to it meanwhile or later')
    } else if (own?.isOwn && this.#isYounger(file, own)) {
      // A renamed file is older than the one that replaced it.
      const loss = { file: own.path, inode: originOf(own), from: contentBytes, bytes: 0 }
      this.#warn(
        { ...loss, copy: file.path, copyInode: originOf(file) },
        'copied and truncated',
        'that were written between the two',
      )
    }
  }

  /** File systems give files that are made within a few milliseconds the same time of birth. */
  #isYounger(file: LogFile, own: LogFile): boolean {
    if (own.bornAt === 0n || file.bornAt < own.bornAt) return false
    return file.bornAt > own.bornAt || this.#records.of(own) !== null
  }

  /** Reports content that cannot be found. Returns true when the files must be listed again. */
  report(listed: readonly LogFile[], open: OpenFiles, isMore: boolean): boolean {
    // A file that was not listed is not gone, and a file that could not be examined may be the copy.
    if (this.#files.haveNamesMoved || !this.#files.isListingComplete) return false
    const hasFile = (record: FileRecord) => open.has(originOf(record)) || isListed(record, listed)
    const absent = this.#records.all().filter((record) => record.state === 'open' && !hasFile(record))
    const isSure = (record: FileRecord) => this.#absent.has(record)
    for (const record of absent.filter(isSure)) {
      this.#reportRecord(record, listed)
      this.#records.update(record, { state: 'finished' })
    }
    this.#absent = new Set(absent.filter((record) => !isSure(record)))
    return (!isMore && this.#reportVanished(listed)) || this.#absent.size > 0
  }

  #reportRecord(record: FileRecord, listed: readonly LogFile[]): void {
    const { copy, rewritten } = record
    const from = Math.max(record.at.offset, copy?.bytes ?? 0)
    const loss = {
      file: rewritten?.path ?? record.path ?? this.#files.path,
      inode: rewritten?.inode ?? originOf(record),
      from,
      bytes: Math.max(0, record.size - from),
      ...(copy && { copy: copy.path, copyInode: copy.inode }),
    }
    if (rewritten && copy) {
      this.#warn(loss, 'copied and truncated', 'that were written between the two')
    } else if (rewritten) {
      const lines = 'that were written before that, since the last look; reading starts at its beginning'
      this.#warn(loss, 'truncated or rewritten', lines)
    } else if (copy) {
      const lines =
        'that were written to it meanwhile or later, or stood in files that were made and removed since'
      this.#warn(loss, 'the file was replaced by its copy', lines)
    } else {
      const own = listed.at(-1)
      const next = own ? `reading goes on with ${own.path}` : 'there is no file to go on with'
      const lines = `that were written to it after the last look, or stood in files that were made and removed since; ${next}`
      this.#warn(loss, 'the file read before is gone', lines)
    }
  }

  /** Reports files that were removed between two passes: unread ones, and ones that were never listed. */
  #reportVanished(listed: readonly LogFile[]): boolean {
    const vanished = this.#listedBefore.filter(({ file }) => !isListed(file, listed))
    const unread = vanished.filter(({ file, record }) => record === null && !this.#records.isForgotten(file))
    // While the newest file exists, no later file is missing.
    const newest = this.#listedBefore.at(-1)
    const replaced = vanished.filter((each) => each === newest && !this.#isContinued(each.record, listed))
    const lost = [...unread, ...replaced].map(({ file }) => originOf(file))
    if (lost.some((inode) => !this.#vanished.has(inode))) {
      this.#vanished = new Set(lost)
      return true
    }
    for (const { file } of unread) this.#warnOfUnread(file)
    for (const { file } of replaced) this.#warnOfUnlisted(file)
    this.#vanished.clear()
    this.#reportEmptyCopies(listed)
    this.#listedBefore = listed.map((file) => ({ file, record: this.#records.of(file) }))
    return false
  }

  /** A copy in progress is also empty, so only a file that was empty at the previous listing counts. */
  #reportEmptyCopies(listed: readonly LogFile[]): void {
    const wasEmpty = (file: LogFile) =>
      this.#listedBefore.some(
        ({ file: other }) => other !== file && isSameFile(other, file) && other.size === 0,
      )
    for (const file of listed) {
      const isNew = !this.#records.of(file) && !this.#records.isForgotten(file)
      if (file.isOwn || file.rotated?.isCompressed || file.size > 0 || !isNew || !wasEmpty(file)) continue
      this.firstSeen(file, 0, listed)
      this.#records.put({ ...recordOf(file), state: 'finished' })
    }
  }

  #isContinued(record: FileRecord | null, listed: readonly LogFile[]): boolean {
    return record !== null && listed.some((file) => this.#records.of(file)?.origin === record.origin)
  }

  #warnOfUnread(file: LogFile): void {
    const bytes = file.rotated?.isCompressed ? 0 : file.size
    const loss = { file: file.path, inode: originOf(file), from: 0, bytes }
    this.#warn(loss, 'removed before it was read', 'that were written to it since the last look')
  }

  #warnOfUnlisted(newest: LogFile): void {
    const fields = { source: this.#source, file: this.#files.path, after: originOf(newest) }
    const lines = 'that stood in files that were made and removed since the last look'
    this.#log.warn(fields, `removed or rotated away: ${amount(0)} ${lines}`)
  }

  #warn(loss: Loss, what: string, lines: string): void {
    this.#log.warn({ source: this.#source, ...loss }, `${what}: ${amount(loss.bytes)} ${lines}`)
  }
}

function amount(bytes: number): string {
  const unknown = 'an unknown number of lines (possibly none)'
  return bytes > 0
    ? `${bytes} bytes that were seen are missed, and ${unknown}`
    : `${unknown} is missed, namely those`
}

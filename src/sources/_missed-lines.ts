/** Says which lines of a log are missed: how many bytes, of which file, and with which file reading goes on. */
import type { Log } from '../model/ports.ts'
import type { Examiner, OpenFiles } from './_examine.ts'
import { type FileRecord, isSameFile, originOf } from './_file-cursor.ts'
import type { LogFile, LogFiles } from './_log-files.ts'
import type { LogRecords } from './_log-records.ts'

const TRUNCATED_AFTER_COPY =
  'the file is copied and truncated: lines that are written between the two are lost uncounted; rotate by renaming'

export class MissedLines {
  readonly #files: LogFiles
  readonly #records: LogRecords
  readonly #examiner: Examiner
  /** What an earlier run was reading when it ended. */
  readonly #lastOfBefore: FileRecord | null
  readonly #source: string
  readonly #log: Log
  /** Where the content of a record was, before its file was rewritten. */
  readonly #rewritten = new WeakMap<FileRecord, string>()
  /** Not found once: that listing may be older than the copy. */
  #absent = new Set<FileRecord>()
  /** Until then nothing is known of the time in which nothing ran. */
  #hasLooked = false

  constructor(records: LogRecords, examiner: Examiner, files: LogFiles, source: string, log: Log) {
    this.#files = files
    this.#records = records
    this.#lastOfBefore = records.all().findLast(({ state }) => state === 'open') ?? null
    this.#examiner = examiner
    this.#source = source
    this.#log = log
  }

  rewritten(record: FileRecord, path: string): void {
    this.#rewritten.set(record, path)
  }

  /** Reports the records that were not read to an end and have no file any more. True: list the files again. */
  async report(listed: readonly LogFile[], open: OpenFiles): Promise<boolean> {
    const hasFile = (record: FileRecord) =>
      open.has(originOf(record)) || listed.some((file) => isSameFile(file, record))
    const absent = this.#records.all().filter((record) => record.state === 'open' && !hasFile(record))
    // A file that could not be looked at may be the copy.
    if (this.#files.haveNamesMoved) return false
    const isSure = (record: FileRecord) => this.#absent.has(record)
    const goesOnWith = listed.at(-1)?.path ?? null
    for (const record of absent.filter(isSure)) {
      this.#report(record, goesOnWith)
      this.#records.update(record, { state: 'finished' })
    }
    this.#absent = new Set(absent.filter((record) => !isSure(record)))
    this.#hasLooked ||= this.#absent.size === 0
    return this.#absent.size > 0
  }

  #report(record: FileRecord, goesOnWith: string | null): void {
    const copy = this.#examiner.continuedIn.get(record)
    const rewritten = this.#rewritten.get(record)
    const readUntil = Math.max(record.at.offset, copy?.size ?? 0)
    const bytes = Math.max(0, record.size - readUntil)
    const fields = { source: this.#source, file: rewritten ?? record.path, inode: originOf(record), bytes }
    if (copy && bytes === 0) {
      this.#log.info({ ...fields, copy: copy.path }, 'truncated or removed: reading went on in its copy')
      if (rewritten !== undefined) this.#files.warnOnce(rewritten, TRUNCATED_AFTER_COPY)
    } else if (copy) {
      this.#log.warn(
        { ...fields, copy: copy.path },
        `at least ${bytes} bytes are missed: the copy is shorter`,
      )
    } else if (rewritten !== undefined) {
      const message = `truncated or rewritten: ${amount(bytes)}, reading starts at its beginning`
      this.#log[bytes > 0 || !this.#hasLooked ? 'warn' : 'info'](fields, message)
    } else {
      const next = goesOnWith ? `reading goes on with ${goesOnWith}` : 'there is no file to go on with'
      const message = `the file read before is gone: ${amount(bytes)}, ${next}`
      // One that was replaced already when it was last seen is hardly written to any more.
      const isLast = this.#lastOfBefore !== null && isSameFile(record, this.#lastOfBefore)
      this.#log[bytes > 0 || isLast ? 'warn' : 'info'](fields, message)
    }
  }
}

function amount(bytes: number): string {
  const known = bytes > 0 ? `${bytes} bytes that were seen are missed` : 'all that was seen of it was read'
  return `${known}, and what was added since the last look is missed, too`
}

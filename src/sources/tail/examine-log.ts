/**
 * Decides what a listed file is: a known file that has grown, a copy, the continuation of a missing file, or new
 * content of the log. Identity decides first and content second; names and times only order the remaining files.
 */
import type { FileHandle } from 'node:fs/promises'
import { FIRST_MARK, type Fingerprint, type ReadAt, relationOf } from './content-fingerprint.ts'
import { type FileRecord, isSameFile, originOf, readerOf } from './file-cursor.ts'
import { FIRST_LINE, type FollowedFile } from './followed-file.ts'
import { type Content, contentIn, printOfBeginning, relationTo } from './log-content.ts'
import { isListed, type LogFile, type LogFiles } from './log-files.ts'
import type { LogRecords } from './log-records.ts'

export type Verdict =
  | { readonly kind: 'nothing new'; readonly newBytes?: number }
  /** The file has other content than its record; unread content may be in a copy. */
  | { readonly kind: 'rewritten'; readonly record: FileRecord }
  | {
      readonly kind: 'read' | 'decompress'
      readonly record: FileRecord
      readonly handle: FileHandle
      /** The size of content that no file had before. */
      readonly newBytes?: number
    }

const NOTHING_NEW = { kind: 'nothing new' } as const satisfies Verdict
const NOTHING_SEEN: Fingerprint = { bytes: 0, hash: '', marks: '' }

/** The open files; a file without a name is recognized by them. */
export type OpenFiles = ReadonlyMap<string, FollowedFile>

export class Examiner {
  readonly #records: LogRecords
  readonly #files: LogFiles
  readonly #open: OpenFiles
  /** The stamp of each file when it had no new content. */
  readonly #settled = new Map<string, string>()

  constructor(records: LogRecords, files: LogFiles, open: OpenFiles) {
    this.#records = records
    this.#files = files
    this.#open = open
  }

  async examine(file: LogFile, listed: readonly LogFile[]): Promise<Verdict> {
    if (this.#settled.get(originOf(file)) === stampOf(file)) return NOTHING_NEW
    const record = this.#records.of(file)
    if (record?.state === 'past' && !file.isOwn) return this.#past(file, record)
    if (!record && !file.isOwn && (file.size === 0 || this.#records.isForgotten(file))) return NOTHING_NEW
    const plainPath = file.path.replace(/\.gz$/, '')
    // The compression is in progress while the plain file exists.
    if (file.rotated?.isCompressed && listed.some(({ path }) => path === plainPath)) return NOTHING_NEW
    const handle = await this.#files.open(file)
    if (handle === null) return NOTHING_NEW
    let verdict: Verdict = NOTHING_NEW
    try {
      verdict = await this.#examineOpened(file, record, handle, listed)
      return verdict
    } finally {
      if (!('handle' in verdict)) await handle.close()
    }
  }

  /** Skips the file until it changes. */
  settle(file: LogFile): Verdict {
    this.#settled.set(originOf(file), stampOf(file))
    return NOTHING_NEW
  }

  /** Records a file from before the first start; neither its content nor later additions are read. */
  async remember(file: LogFile, state: 'past' | 'open'): Promise<void> {
    const handle = await this.#files.open(file)
    const isCompressed = file.rotated?.isCompressed === true
    const printOf = async (open: FileHandle) =>
      isCompressed ? printOfBeginning(open) : (await contentIn(open, false, [])).print
    const print = handle ? await printOf(handle) : NOTHING_SEEN
    await handle?.close()
    const at = { ...FIRST_LINE, offset: print.bytes }
    this.#records.put({ ...recordOf(file), at, print, state })
  }

  #past(file: LogFile, record: FileRecord): Verdict {
    const bytes = file.size - record.size
    if (bytes > 0) {
      const message = 'a file that was rotated before the first start has grown; the new content is not read'
      this.#files.warnOnce(file.path, message, { bytes })
    }
    return this.settle(file)
  }

  async #examineOpened(
    file: LogFile,
    record: FileRecord | null,
    handle: FileHandle,
    listed: readonly LogFile[],
  ): Promise<Verdict> {
    const { size } = await handle.stat()
    const isCompressed = file.rotated?.isCompressed === true
    if (record && isCompressed && record.state === 'finished' && record.size === size)
      return this.settle(file)
    // A known file can only have grown, and the file at the path always belongs to the log.
    const isSure = file.isOwn || (!isCompressed && record && size <= record.print.bytes)
    if (record && isSure) return this.#known(file, record, handle, size)
    const prints = this.#records.all().map(({ print }) => print)
    const content = await contentIn(handle, isCompressed, prints)
    if (content.print.bytes === 0 && !file.isOwn) return this.#empty(file, record, isCompressed)
    const original = file.isOwn ? null : await this.#original(file, content, listed)
    if (original === 'unknown') return NOTHING_NEW
    if (original) {
      // A file may be rewritten before it is read; its unread content is then only in the copy.
      return original.at.offset < content.print.bytes ? NOTHING_NEW : this.#copy(file, size, content)
    }
    const { furthest, rewritten, isUndecided } = await this.#related(file, content, listed)
    if (rewritten) return { kind: 'rewritten', record: rewritten }
    if (isUndecided) return NOTHING_NEW
    if (furthest && !(record && isSameFile(furthest, record))) {
      return this.#goOn(file, size, furthest, handle, content, this.#isPresent(furthest, listed))
    }
    if (record && !isCompressed) return this.#known(file, record, handle, size)
    const kind = isCompressed ? 'decompress' : 'read'
    if (furthest) return { kind, handle, record: furthest }
    return { kind, handle, record: this.#records.put(recordOf(file)), newBytes: content.print.bytes }
  }

  /** A file that was compressed while it was empty may have got content since. */
  #empty(file: LogFile, record: FileRecord | null, isCompressed: boolean): Verdict {
    if (record || !isCompressed) return this.settle(file)
    this.#records.put({ ...recordOf(file), state: 'finished' })
    this.settle(file)
    return { ...NOTHING_NEW, newBytes: 0 }
  }

  async #known(file: LogFile, record: FileRecord, handle: FileHandle, size: number): Promise<Verdict> {
    const { print, at, state } = record
    const isUnread = print.bytes === 0 && at.offset === 0
    const relation = isUnread ? 'continued' : await relationOf(readerOf(handle), size, print)
    if (relation === 'different' || (relation === 'shorter' && file.isOwn))
      return { kind: 'rewritten', record }
    if (size < at.offset && file.isOwn) return { kind: 'rewritten', record }
    if (size < at.offset || (size === at.offset && state === 'finished')) return this.settle(file)
    return { kind: 'read', handle, record: this.#records.put({ ...record, state: 'open' }) }
  }

  /**
   * Continues with the read position of the same content in another file. If that file is present and has less content,
   * a copy took its place and was compressed before it was seen.
   */
  #goOn(
    file: LogFile,
    size: number,
    read: FileRecord,
    handle: FileHandle,
    content: Content,
    isPresent: boolean,
  ): Verdict {
    const { inode, bornAt } = file
    const { at, origin } = read
    const isRead = content.print.bytes <= read.at.offset
    const state = read.state === 'past' ? 'past' : isRead ? 'finished' : 'open'
    const print = isRead ? content.print : read.print
    const record = this.#records.put({ inode, bornAt, size, at, print, origin, state })
    if (state !== 'open') return this.settle(file)
    if (!file.rotated?.isCompressed) return { kind: 'read', handle, record }
    return { kind: 'decompress', handle, record, ...(isPresent && { newBytes: content.print.bytes }) }
  }

  /** Finds an existing file that begins with the content. It is read for that, because its record may end before. */
  async #original(
    file: LogFile,
    { print }: Content,
    listed: readonly LogFile[],
  ): Promise<FileRecord | 'unknown' | null> {
    for (const other of listed) {
      const record = this.#records.of(other) ?? (other.isOwn ? recordOf(other) : null)
      if (!record || other.rotated?.isCompressed || isSameFile(other, file)) continue
      // Two logs may begin with the same few bytes, but no copy is older than its original.
      if (print.bytes < FIRST_MARK && other.bornAt > file.bornAt) continue
      const isHeld = await this.#withContent(record, listed, async (readAt, size) => {
        return size >= print.bytes && (await relationOf(readAt, size, print)) === 'continued'
      })
      if (isHeld === null) return 'unknown'
      if (isHeld) return record
    }
    return null
  }

  /** Returns null when names changed since the files were listed. */
  async #withContent<T>(
    record: FileRecord,
    listed: readonly LogFile[],
    useContent: (readAt: ReadAt, size: number) => Promise<T>,
  ): Promise<T | null> {
    const open = this.#open.get(originOf(record))
    if (open) return useContent(open.readAt, await open.presentSize())
    const file = listed.find((other) => isSameFile(other, record))
    const handle = file ? await this.#files.open(file) : null
    if (handle === null) return null
    try {
      return await useContent(readerOf(handle), (await handle.stat()).size)
    } finally {
      await handle.close()
    }
  }

  /** Records a copy of content that was read. */
  #copy(file: LogFile, size: number, { print }: Content): Verdict {
    const at = { ...FIRST_LINE, offset: print.bytes }
    this.#records.put({ ...recordOf(file), size, at, print, state: 'finished' })
    return this.settle(file)
  }

  /** Finds the record of the same content with the furthest position, or one whose file was rewritten. */
  async #related(
    file: LogFile,
    content: Content,
    listed: readonly LogFile[],
  ): Promise<{ furthest?: FileRecord | null; rewritten?: FileRecord; isUndecided?: boolean }> {
    const same: FileRecord[] = []
    const gone: FileRecord[] = []
    const isTooLittle = (record: FileRecord) =>
      record.print.bytes < FIRST_MARK && isListed(record, listed) && !isSameFile(record, file)
    for (const record of this.#records.all()) {
      const relation = await relationTo(content, record.print)
      if (relation === 'different' || (relation === 'shorter' && file.isOwn)) continue
      if (!this.#isPresent(record, listed)) gone.push(record)
      else if (isTooLittle(record)) continue
      else if (!isSameFile(record, file)) {
        const state = await this.#presentState(record, listed)
        if (state === 'rewritten' && !file.isOwn) return { rewritten: record }
        // Its unread content may also be in this file, so it is read first.
        if (state !== 'read' && !(file.isOwn && isListed(record, listed))) return { isUndecided: true }
      }
      same.push(record)
    }
    // A new file of the log is not a longer copy of an existing or finished file.
    const replaced = same.some((record) => record.state === 'open' && !isListed(record, listed))
    if (file.isOwn && !replaced) return {}
    const copy = { path: file.path, inode: originOf(file), bytes: content.print.bytes }
    for (const record of gone) {
      if (record.copy === undefined || record.copy.bytes < copy.bytes) this.#records.update(record, { copy })
    }
    return { furthest: furthestOf(same) }
  }

  /** Compares an existing file with its record. */
  async #presentState(
    record: FileRecord,
    listed: readonly LogFile[],
  ): Promise<'read' | 'grown' | 'rewritten' | 'unknown'> {
    if (record.state === 'past') return 'read'
    const isCompressed = listed.some(
      (file) => isSameFile(file, record) && file.rotated?.isCompressed === true,
    )
    if (isCompressed) return record.state === 'open' ? 'grown' : 'read'
    const state = await this.#withContent(record, listed, async (readAt, size) => {
      const { print } = record
      if (print.bytes > 0 && (await relationOf(readAt, size, print)) !== 'continued') return 'rewritten'
      return size > print.bytes ? 'grown' : 'read'
    })
    return state ?? 'unknown'
  }

  #isPresent(record: FileRecord, listed: readonly LogFile[]): boolean {
    return isListed(record, listed) || this.#open.has(originOf(record))
  }
}

export function recordOf(file: LogFile): FileRecord {
  const { inode, bornAt, size } = file
  return { inode, bornAt, size, at: FIRST_LINE, print: NOTHING_SEEN, origin: originOf(file), state: 'open' }
}

function furthestOf(records: readonly FileRecord[]): FileRecord | null {
  return records.reduce<FileRecord | null>(
    (best, record) => (best && best.at.offset >= record.at.offset ? best : record),
    null,
  )
}

function stampOf({ size, modifiedAt, isOwn }: LogFile): string {
  return `${size}/${modifiedAt}/${isOwn}`
}

/**
 * Decides what a listed file is: one that was read and has grown, a copy, the continuation of one that is gone, or new
 * content of the log. Identity comes first, content second; names and times only order what is left.
 */
import type { FileHandle } from 'node:fs/promises'
import { beginningOfContent, isOfSize, printOfContent } from './_compressed-file.ts'
import { type FileRecord, isSameFile, originOf, readerOf } from './_file-cursor.ts'
import {
  agreeUpTo,
  ContentPrinter,
  type Fingerprint,
  mayContinue,
  type ReadAt,
  relationOf,
} from './_fingerprint.ts'
import { FIRST_LINE, type FollowedFile } from './_followed-file.ts'
import type { LogFile, LogFiles } from './_log-files.ts'
import type { LogRecords } from './_log-records.ts'

export type Verdict =
  | { readonly kind: 'nothing new' }
  /** Other content than the record says: what was not read of it may be found in a copy. */
  | { readonly kind: 'rewritten'; readonly record: FileRecord }
  | { readonly kind: 'read' | 'decompress'; readonly record: FileRecord; readonly handle: FileHandle }

const NOTHING_NEW: Verdict = { kind: 'nothing new' }
const NOTHING_SEEN: Fingerprint = { bytes: 0, hash: '', marks: '' }

/** What is open: by it a file is known that has no name any more. */
export type OpenFiles = ReadonlyMap<string, FollowedFile>

export class Examiner {
  readonly #records: LogRecords
  readonly #files: LogFiles
  readonly #open: OpenFiles
  /** What a file looked like when there was nothing new in it. */
  readonly #settled = new Map<string, string>()
  /** Records of which the content goes on in another file, and the size of that content as far as it is known. */
  readonly continuedIn = new WeakMap<FileRecord, { readonly path: string; readonly size: number }>()

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
    // The compression is under way as long as the plain file is there.
    if (file.rotated?.isCompressed && listed.some(({ path }) => path === plainPath)) return NOTHING_NEW
    const handle = await this.#files.open(file)
    if (handle === null) return NOTHING_NEW
    let verdict = NOTHING_NEW
    try {
      verdict = file.rotated?.isCompressed
        ? await this.#compressed(file, record, handle, listed)
        : await this.#plain(file, record, handle, listed)
      return verdict
    } finally {
      if (!('handle' in verdict)) await handle.close()
    }
  }

  /** Nothing more is to be expected of the file unless it changes. */
  settle(file: LogFile): Verdict {
    this.#settled.set(originOf(file), stampOf(file))
    return NOTHING_NEW
  }

  /** What was there before the first start is not read, and neither is what is added to it. */
  async remember(file: LogFile, state: 'past' | 'open'): Promise<void> {
    const handle = await this.#files.open(file)
    const { print, size } = handle ? await printOf(file, handle) : { print: NOTHING_SEEN, size: file.size }
    await handle?.close()
    const offset = file.rotated?.isCompressed ? print.bytes : size
    this.#records.put({ ...recordOf(file), size, at: { ...FIRST_LINE, offset }, print, state })
  }

  #past(file: LogFile, record: FileRecord): Verdict {
    const bytes = file.size - record.size
    if (bytes > 0) {
      const message = 'a file that was rotated before the first start has grown: this is not read'
      this.#files.warnOnce(file.path, message, { bytes })
    }
    return this.settle(file)
  }

  async #plain(
    file: LogFile,
    record: FileRecord | null,
    handle: FileHandle,
    listed: readonly LogFile[],
  ): Promise<Verdict> {
    const { size } = await handle.stat()
    const readAt = readerOf(handle)
    // Of what is known only growth is in question, and of the path's own file that it is the log's is not.
    const isSure = file.isOwn || (record && size <= record.print.bytes)
    if (record && isSure) return this.#known(file, record, handle, size)
    const original = isSure ? null : await this.#original(file, size, readAt, listed)
    if (original) {
      const print = async () => (await ContentPrinter.upTo(readAt, size)).print()
      return original.print.bytes < size ? NOTHING_NEW : this.#copy(file, size, await print())
    }
    const { gone, rewritten } = await this.#continued(file, size, readAt, listed)
    if (rewritten) return { kind: 'rewritten', record: rewritten }
    if (gone && (!record || gone.at.offset > record.at.offset)) {
      return this.#goOn(file, size, gone, handle, size <= gone.at.offset)
    }
    if (record) return this.#known(file, record, handle, size)
    return { kind: 'read', handle, record: this.#records.put(recordOf(file)) }
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

  async #compressed(
    file: LogFile,
    record: FileRecord | null,
    handle: FileHandle,
    listed: readonly LogFile[],
  ): Promise<Verdict> {
    if (record?.state === 'finished' && record.size === file.size) return this.settle(file)
    if (record) return { kind: 'decompress', handle, record }
    const beginning = await beginningOfContent(handle)
    if (beginning.length === 0) return this.settle(file)
    const same: FileRecord[] = []
    for (const other of this.#records.all().filter(({ print }) => mayContinue(beginning, print))) {
      if (!this.#isPresent(other, listed)) {
        same.push(other)
        continue
      }
      const print = await printOfContent(handle)
      if (await this.#beginsWith(other, print, listed)) {
        return other.print.bytes < print.bytes ? NOTHING_NEW : this.#copy(file, file.size, print)
      }
      if (!(await this.#isIntact(other, listed))) return { kind: 'rewritten', record: other }
    }
    const ofSize: FileRecord[] = []
    for (const other of same) if (await isOfSize(handle, other.print.bytes)) ofSize.push(other)
    const gone = furthest(ofSize) ?? furthest(same)
    if (!gone) return { kind: 'decompress', handle, record: this.#records.put(recordOf(file)) }
    const isRead = ofSize.includes(gone) && gone.at.offset === gone.print.bytes
    const { size } = await handle.stat()
    return this.#goOn(file, size, gone, handle, isRead)
  }

  /** The file takes the place of one that is gone. */
  #goOn(file: LogFile, size: number, gone: FileRecord, handle: FileHandle, isRead: boolean): Verdict {
    const { inode, bornAt } = file
    const { path: _, ...content } = gone
    const state = gone.state === 'past' ? 'past' : isRead ? 'finished' : 'open'
    const record = this.#records.put({ ...content, inode, bornAt, size, state })
    this.continuedIn.set(gone, { path: file.path, size: file.rotated?.isCompressed ? gone.size : size })
    if (state !== 'open') return this.settle(file)
    return { kind: file.rotated?.isCompressed ? 'decompress' : 'read', handle, record }
  }

  /** Compared with the files themselves as long as they are there, because a copy may hold what was not read yet. */
  async #original(
    file: LogFile,
    size: number,
    readAt: ReadAt,
    listed: readonly LogFile[],
  ): Promise<FileRecord | null> {
    for (const other of listed) {
      const isPlain = !other.rotated?.isCompressed && !isSameFile(other, file)
      const isElder = file.bornAt === 0n || other.bornAt <= file.bornAt
      const record = this.#records.of(other) ?? (other.isOwn ? recordOf(other) : null)
      if (!isPlain || !isElder || !record) continue
      const isCopy = await this.#ask(other, async (original, originalSize) => {
        return originalSize >= size && agreeUpTo(readAt, original, size)
      })
      if (isCopy) return record
    }
    return null
  }

  /** True when a file that is there begins with all of that content. */
  async #beginsWith(record: FileRecord, print: Fingerprint, listed: readonly LogFile[]): Promise<boolean> {
    const open = this.#open.get(originOf(record))
    if (open) return (await relationOf(open.readAt, await open.presentSize(), print)) === 'continued'
    const file = listed.find((other) => isSameFile(other, record))
    // Two compressed files of the same content: the one that has a record was read.
    if (!file || file.rotated?.isCompressed) return record.print.hash === print.hash
    return this.#ask(file, async (readAt, size) => (await relationOf(readAt, size, print)) === 'continued')
  }

  async #ask(file: LogFile, question: (readAt: ReadAt, size: number) => Promise<boolean>): Promise<boolean> {
    const handle = await this.#files.open(file)
    if (handle === null) return false
    try {
      return await question(readerOf(handle), (await handle.stat()).size)
    } finally {
      await handle.close()
    }
  }

  /**
   * A copy of what was read. Until the original is read as far as the copy goes, there is no record of it: nothing
   * shows that a file was rewritten before it was read, and the copy is what is left of it then.
   */
  #copy(file: LogFile, size: number, print: Fingerprint): Verdict {
    const at = { ...FIRST_LINE, offset: print.bytes }
    this.#records.put({ ...recordOf(file), size, at, print, state: 'finished' })
    return this.settle(file)
  }

  /** The record that goes on in this file, because its own is gone; or one whose file was rewritten, as now shows. */
  async #continued(
    file: LogFile,
    size: number,
    readAt: ReadAt,
    listed: readonly LogFile[],
  ): Promise<{ gone?: FileRecord | null; rewritten?: FileRecord }> {
    const continued: FileRecord[] = []
    const shorter: FileRecord[] = []
    for (const record of this.#records.all()) {
      // A new file of the log is not taken for one that was finished long ago.
      if (file.isOwn && (record.state !== 'open' || isListed(record, listed))) continue
      const relation = await relationOf(readAt, size, record.print)
      if (relation === 'different' || (relation === 'shorter' && file.isOwn)) continue
      if (file.isOwn || !this.#isPresent(record, listed)) {
        const found = relation === 'continued' ? continued : shorter
        found.push(record)
      } else if (!(await this.#isIntact(record, listed))) return { rewritten: record }
    }
    return { gone: furthest(continued) ?? furthest(shorter) }
  }

  async #isIntact(record: FileRecord, listed: readonly LogFile[]): Promise<boolean> {
    const open = this.#open.get(originOf(record))
    if (open) return open.isIntact()
    const file = listed.find((other) => isSameFile(other, record))
    if (!file || file.rotated?.isCompressed) return true
    return this.#ask(file, async (readAt, size) => {
      return record.print.bytes === 0 || (await relationOf(readAt, size, record.print)) === 'continued'
    })
  }

  #isPresent(record: FileRecord, listed: readonly LogFile[]): boolean {
    return isListed(record, listed) || this.#open.has(originOf(record))
  }
}

export function recordOf(file: LogFile): FileRecord {
  const { inode, bornAt, size } = file
  return { inode, bornAt, size, at: FIRST_LINE, print: NOTHING_SEEN, origin: originOf(file), state: 'open' }
}

async function printOf(file: LogFile, handle: FileHandle) {
  const { size } = await handle.stat()
  if (!file.rotated?.isCompressed) {
    return { size, print: (await ContentPrinter.upTo(readerOf(handle), size)).print() }
  }
  const printer = new ContentPrinter()
  printer.push(await beginningOfContent(handle))
  return { size, print: printer.print() }
}

function isListed(record: FileRecord, listed: readonly LogFile[]): boolean {
  return listed.some((file) => isSameFile(file, record))
}

function furthest(records: readonly FileRecord[]): FileRecord | null {
  return records.reduce<FileRecord | null>(
    (best, record) => (best && best.print.bytes >= record.print.bytes ? best : record),
    null,
  )
}

function stampOf({ size, modifiedAt, isOwn }: LogFile): string {
  return `${size}/${modifiedAt}/${isOwn}`
}

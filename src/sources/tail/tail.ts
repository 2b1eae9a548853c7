/** Follows a growing log through rotation, truncation and restarts: every line once, in the order written. */
import type { FileHandle } from 'node:fs/promises'
import type { SourceContext, SourceSpec } from '../_source.ts'
import type { Frame } from '../framing/frame.ts'
import { EmitWindow, type SharedWindow } from '../stream/emit-window.ts'
import { Examiner, type Verdict } from './examine-log.ts'
import { FileChanges } from './file-changes.ts'
import {
  decodeCursor,
  type FileRecord,
  isSameFile,
  type LogCursor,
  NO_FILES,
  originOf,
} from './file-cursor.ts'
import { FollowedFile } from './followed-file.ts'
import { type LogFile, LogFiles } from './log-files.ts'
import { LogRecords } from './log-records.ts'
import { MissedLines } from './missed-lines.ts'
import { readCompressed } from './read-compressed.ts'

export interface FollowOptions {
  /** The time that a rotated file stays open after its last line. */
  readonly quietMs: number
  /** The folder into which rotation moves files, or null. */
  readonly olddir: string | null
}

/** Names are listed again after this time, even when the path still has the same file. */
const LISTING_INTERVAL_MS = 1000
/** This number of chunks of one file is read before the other files are read. */
const MAX_CHUNKS_AT_ONCE = 64
/** When more files are open, the rotated file that was opened first is closed. */
const MAX_OPEN_FILES = 16

interface CursorCommitter {
  commitCursor(cursor: string): Promise<void>
}

/** Follows the log; with a shared window the log is one of several of its source. */
type Follow = (context: SourceContext, shared?: SharedWindow) => Promise<void>

export function createFollower(path: string, spec: SourceSpec, options: FollowOptions): Follow {
  /** The first cursor is kept until it is committed, so that a retry starts at the same position after a rotation. */
  let uncommitted: string | null = null
  return async (context, shared) => {
    const begin = (cursor: string) => {
      uncommitted = cursor
      return context.commitCursor(cursor)
    }
    const window = new EmitWindow(context, shared)
    const changes = new FileChanges(path, context.clock, window.signal, context.log)
    const cursor = decodeCursor(context.cursor ?? uncommitted)
    const tail = new Tail(path, spec, options, { ...context, commitCursor: begin }, window, cursor)
    try {
      await tail.run(changes)
    } finally {
      await changes.close()
      await window.drain()
    }
  }
}

class Tail {
  readonly #spec: SourceSpec
  readonly #options: FollowOptions
  readonly #context: SourceContext & CursorCommitter
  readonly #window: EmitWindow
  readonly #resumed: LogCursor | null
  readonly #files: LogFiles
  readonly #records: LogRecords
  /** The open files by origin, in the order of opening. */
  readonly #open = new Map<string, FollowedFile>()
  /** The time of the last read of each open file. */
  readonly #lastReadAt = new Map<string, number>()
  readonly #examiner: Examiner
  readonly #missed: MissedLines
  #hasBegun = false
  #listed: readonly LogFile[] = []
  #listedAt = Number.NEGATIVE_INFINITY

  constructor(
    path: string,
    spec: SourceSpec,
    options: FollowOptions,
    context: SourceContext & CursorCommitter,
    window: EmitWindow,
    resumed: LogCursor | null,
  ) {
    this.#spec = spec
    this.#options = options
    this.#context = context
    this.#window = window
    this.#resumed = resumed
    this.#files = new LogFiles(path, options.olddir, spec.name, context.log)
    this.#records = new LogRecords(resumed ?? NO_FILES)
    this.#examiner = new Examiner(this.#records, this.#files, this.#open)
    this.#missed = new MissedLines(this.#records, this.#files, spec.name, context.log)
  }

  async run(changes: FileChanges): Promise<void> {
    try {
      await this.#begin()
      while (!this.#window.signal.aborted) {
        await this.#readChanges()
        if (!this.#window.signal.aborted) await changes.next()
      }
    } finally {
      for (const file of this.#open.values()) await file.close()
    }
  }

  /** At the first start, existing rotated files are past; the file at the path is read from its first line. */
  async #begin(): Promise<void> {
    const { readUntil } = this.#resumed ?? { readUntil: null }
    if (this.#resumed === null || readUntil) {
      const listed = await this.#files.list([])
      const isPast = (file: LogFile) => !readUntil || wasWrittenBefore(file, readUntil)
      const past = listed.filter((file) => !file.isOwn && !this.#records.of(file) && isPast(file))
      const own = listed.find(({ isOwn }) => isOwn)
      // When the path has no file, the writer may still write to the newest rotated file.
      const newest = own || readUntil ? null : past.findLast(({ rotated }) => !rotated?.isCompressed)
      for (const file of past) await this.#examiner.remember(file, file === newest ? 'open' : 'past')
      if (own && !readUntil) await this.#openUnread(own, listed)
    }
    this.#hasBegun = true
    this.#records.isChanged = true
    await this.#commit()
  }

  async #readChanges(): Promise<void> {
    for (let isMore = true; isMore && !this.#window.signal.aborted; ) {
      await this.#list()
      isMore = await this.#readAll()
      isMore = this.#missed.report(this.#listed, this.#open, isMore) || isMore
      if (isMore) this.#listedAt = Number.NEGATIVE_INFINITY
    }
    if (this.#window.signal.aborted) return
    await this.#closeQuietFiles()
    this.#records.trim(this.#listed, this.#files.isListingComplete && !this.#files.haveNamesMoved)
    await this.#commit()
  }

  /** Commits the list of files before the first event of a new file. */
  async #commit(): Promise<void> {
    if (!this.#records.isChanged) return
    this.#records.isChanged = false
    await this.#context.commitCursor(this.#records.cursor())
  }

  async #list(): Promise<void> {
    const own = await this.#files.own()
    const known = this.#listed.at(-1)
    const isSame = own && known?.isOwn && isSameFile(own, known)
    const age = Math.abs(this.#context.clock.now() - this.#listedAt)
    if (isSame && this.#open.has(originOf(own)) && age < LISTING_INTERVAL_MS) {
      this.#listed = [...this.#listed.slice(0, -1), own]
      return
    }
    this.#listed = await this.#files.list(this.#records.all())
    this.#listedAt = this.#context.clock.now()
    await this.#recordTarget()
  }

  /** Records the target of a link, so that its file is found by its own path. */
  async #recordTarget(): Promise<void> {
    const own = this.#listed.at(-1)
    const record = own?.isOwn ? this.#records.of(own) : null
    const target = record && (await this.#files.target())
    if (record && target && record.path !== target) this.#records.update(record, { path: target })
  }

  /** Returns true when files must be listed again at once. */
  async #readAll(): Promise<boolean> {
    let isMore = false
    for (const origin of this.#open.keys()) {
      // Files without a name are older than those with one.
      const isListed = this.#listed.some((file) => originOf(file) === origin)
      if (!isListed && (await this.#readOn(origin))) isMore = true
    }
    for (const file of this.#listed) {
      if (this.#window.signal.aborted) return false
      const isOpen = this.#open.has(originOf(file)) || (await this.#openUnread(file, this.#listed))
      if (isOpen === 'rewritten' || (isOpen && (await this.#readOn(originOf(file))))) isMore = true
      // Content from before a rewrite must be read before later content.
      if (isMore && !file.isOwn) return true
    }
    return isMore
  }

  async #openUnread(file: LogFile, listed: readonly LogFile[]): Promise<boolean | 'rewritten'> {
    const verdict: Verdict = await this.#examiner.examine(file, listed)
    if (verdict.kind === 'rewritten') {
      await this.#rewritten(verdict.record)
      return 'rewritten'
    }
    const { newBytes } = verdict
    if (newBytes !== undefined && !file.isOwn) this.#missed.firstSeen(file, newBytes, listed)
    if (verdict.kind === 'nothing new') return false
    if (verdict.kind === 'decompress') {
      const { log, clock } = this.#context
      const outcome = await readCompressed(verdict.record, verdict.handle, file, {
        rules: this.#rules(),
        feed: (record, frames) => this.#feed(record, frames),
        isBeingWritten: Math.abs(clock.now() - Number(file.modifiedAt / 1_000_000n)) < this.#options.quietMs,
        signal: this.#window.signal,
        log,
        source: this.#spec.name,
      })
      this.#records.put(outcome)
      if (outcome.state === 'finished') this.#examiner.settle(file)
      return false
    }
    await this.#follow(verdict.record, verdict.handle)
    return true
  }

  async #follow(record: FileRecord, handle: FileHandle): Promise<void> {
    const file = await FollowedFile.open(handle, this.#rules(), record.at)
    this.#open.set(originOf(record), file)
    this.#lastReadAt.set(originOf(record), this.#context.clock.now())
    const print = file.print()
    this.#records.put(print.bytes > record.print.bytes ? { ...record, print, size: file.size } : record)
    if (this.#hasBegun) await this.#commit()
  }

  /** Reads to the present end of the file. Returns true when it stopped before, for the turn of the other files. */
  async #readOn(origin: string): Promise<boolean> {
    const file = this.#open.get(origin)!
    const record = () => this.#records.all().find((other) => originOf(other) === origin)!
    for (let chunks = 0; chunks < MAX_CHUNKS_AT_ONCE && !this.#window.signal.aborted; chunks++) {
      const read = await file.read()
      if (read === 'end') return false
      if (read === 'rewritten') {
        await this.#rewritten(record())
        return true
      }
      this.#lastReadAt.set(origin, this.#context.clock.now())
      await this.#feed({ ...record(), print: file.print(), size: file.size }, read)
    }
    return !this.#window.signal.aborted
  }

  /** Closes a rewritten file; the next pass opens it after the copies of its former content. */
  async #rewritten(record: FileRecord): Promise<void> {
    const file = this.#open.get(originOf(record))
    this.#open.delete(originOf(record))
    await file?.close()
    const path = this.#listed.find((other) => isSameFile(other, record))?.path
    this.#records.detach(record, path ?? this.#spec.target)
  }

  /** Closes rotated files that were quiet long enough; their last line is complete then. */
  async #closeQuietFiles(): Promise<void> {
    const own = this.#listed.at(-1)
    const isOwn = (origin: string) => own?.isOwn && originOf(own) === origin
    const old = [...this.#open].filter(([origin]) => !isOwn(origin))
    // While the new file is empty, the writer may still write to the old one.
    const hasWriterLeft = own?.isOwn && own.size > 0
    // Until missed lines are reported, the committed cursor needs the open record: a later run reports them by it.
    const canFinish = hasWriterLeft && !this.#files.haveNamesMoved
    for (const [i, [origin, file]] of old.entries()) {
      const age = Math.abs(this.#context.clock.now() - this.#lastReadAt.get(origin)!)
      // Content that was written while other files were read is read in the next pass.
      const isQuiet = canFinish && age >= this.#options.quietMs && !(await file.hasGrown())
      if (!isQuiet && i >= old.length - MAX_OPEN_FILES) continue
      const record = this.#records.all().find((other) => originOf(other) === origin)!
      const last = await this.#feed({ ...record, print: file.print() }, file.end())
      this.#records.put({ ...last, state: 'finished' })
      this.#open.delete(origin)
      this.#lastReadAt.delete(origin)
      await file.close()
    }
  }

  /** Emits events and returns the record after them. */
  async #feed(record: FileRecord, frames: readonly Frame[]): Promise<FileRecord> {
    await this.#window.feed(frames, { origin: record.origin, cursorAt: this.#records.cursorsIn(record) })
    return this.#records.put({ ...record, at: frames.at(-1)?.next ?? record.at })
  }

  #rules() {
    return { eventBytes: this.#context.limits.eventBytes, unwrap: this.#spec.unwrap }
  }
}

/** Compares times of the last write like the first version; those of compressed files may be cut to seconds. */
function wasWrittenBefore(
  { modifiedAt, bornAt, rotated }: LogFile,
  than: { modifiedAt: bigint; bornAt: bigint },
): boolean {
  if (rotated?.isCompressed) return modifiedAt < than.modifiedAt - 1_000_000_000n
  return modifiedAt === than.modifiedAt ? bornAt <= than.bornAt : modifiedAt < than.modifiedAt
}

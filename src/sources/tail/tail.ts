/** Follows a growing log through rotation, truncation and restarts: every line once, in the order written. */
import type { FileHandle } from 'node:fs/promises'
import type { Source, SourceContext, SourceSpec } from '../_source.ts'
import { type Frame, toFramedEvent } from '../framing/frame.ts'
import { EmitWindow } from '../stream/emit-window.ts'
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
  /** How long a rotated file stays open after its last line. */
  readonly quietMs: number
  /** Where rotation moves files to, or null. */
  readonly olddir: string | null
}

/** Names are looked up again after so long, even where the path still means the same file. */
const LISTING_INTERVAL_MS = 1000
/** So much of one file is read before the others are looked at again. */
const MAX_CHUNKS_AT_ONCE = 64
/** Beyond it the rotated file that was opened first is closed. */
const MAX_OPEN_FILES = 16

interface CursorCommitter {
  commitCursor(cursor: string): Promise<void>
}

export function createFollower(path: string, spec: SourceSpec, options: FollowOptions): Source['run'] {
  /** A start whose beginning could not be committed is tried again from the same place, rotated or not. */
  let uncommitted: string | null = null
  return async (context) => {
    const begin = (cursor: string) => {
      uncommitted = cursor
      return context.commitCursor(cursor)
    }
    const window = new EmitWindow(context)
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
  /** By origin, in the order in which they were opened. */
  readonly #open = new Map<string, FollowedFile>()
  /** When a file that is open was last read. */
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

  /** Rotated files that are there before anything was read are past; the path's own file is read from its first line. */
  async #begin(): Promise<void> {
    const { readUntil } = this.#resumed ?? { readUntil: null }
    if (this.#resumed === null || readUntil) {
      const listed = await this.#files.list([])
      const isPast = (file: LogFile) => !readUntil || wasWrittenBefore(file, readUntil)
      const past = listed.filter((file) => !file.isOwn && !this.#records.of(file) && isPast(file))
      const own = listed.find(({ isOwn }) => isOwn)
      // Without a file of its own the log may still be written to under the name that rotation gave it.
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
    this.#records.trim(this.#listed)
    await this.#commit()
  }

  /** Which files there are is kept before the first event of a new one. */
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

  /** The target of a link is found again by its own path. */
  async #recordTarget(): Promise<void> {
    const own = this.#listed.at(-1)
    const record = own?.isOwn ? this.#records.of(own) : null
    const target = record && (await this.#files.target())
    if (record && target && record.path !== target) this.#records.update(record, { path: target })
  }

  /** True when something has to be looked at again at once. */
  async #readAll(): Promise<boolean> {
    let isMore = false
    for (const origin of this.#open.keys()) {
      // Files that have lost their name are older than those that have one.
      const isListed = this.#listed.some((file) => originOf(file) === origin)
      if (!isListed && (await this.#readOn(origin))) isMore = true
    }
    for (const file of this.#listed) {
      if (this.#window.signal.aborted) return false
      const isOpen = this.#open.has(originOf(file)) || (await this.#openUnread(file, this.#listed))
      if (isOpen === 'rewritten' || (isOpen && (await this.#readOn(originOf(file))))) isMore = true
      // What was written before the file was rewritten has to be read before what was written since.
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

  /** To the present end of the file, or so much of it that it is the turn of the others: then it returns true. */
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

  /** The file is opened again at the next look, after the copies of what it held. */
  async #rewritten(record: FileRecord): Promise<void> {
    const file = this.#open.get(originOf(record))
    this.#open.delete(originOf(record))
    await file?.close()
    const path = this.#listed.find((other) => isSameFile(other, record))?.path
    this.#records.detach(record, path ?? this.#spec.target)
  }

  /** A rotated file is closed when it was quiet for long enough, and its last line is complete then. */
  async #closeQuietFiles(): Promise<void> {
    const own = this.#listed.at(-1)
    const isOwn = (origin: string) => own?.isOwn && originOf(own) === origin
    const old = [...this.#open].filter(([origin]) => !isOwn(origin))
    // As long as the new file is empty, the writer has not opened it: it may still be writing to the old one.
    const isLeft = own?.isOwn && own.size > 0
    for (const [i, [origin, file]] of old.entries()) {
      const age = Math.abs(this.#context.clock.now() - this.#lastReadAt.get(origin)!)
      // What was written while the other files were read is read at the next look.
      const isQuiet = isLeft && age >= this.#options.quietMs && !(await file.hasGrown())
      if (!isQuiet && i >= old.length - MAX_OPEN_FILES) continue
      const record = this.#records.all().find((other) => originOf(other) === origin)!
      const last = await this.#feed({ ...record, print: file.print() }, file.end())
      this.#records.put({ ...last, state: 'finished' })
      this.#open.delete(origin)
      this.#lastReadAt.delete(origin)
      await file.close()
    }
  }

  /** Returns the record as it is after the events. */
  async #feed(record: FileRecord, frames: readonly Frame[]): Promise<FileRecord> {
    const cursorAt = this.#records.cursorsIn(record)
    const { origin } = record
    await this.#window.feed(
      frames.map((frame) => toFramedEvent(frame, { cursor: cursorAt(frame.next), origin })),
    )
    return this.#records.put({ ...record, at: frames.at(-1)?.next ?? record.at })
  }

  #rules() {
    return { eventBytes: this.#context.limits.eventBytes, unwrap: this.#spec.unwrap }
  }
}

/** By the times of the last write, as the first version had it; a compressed file may have its time cut to seconds. */
function wasWrittenBefore(
  { modifiedAt, bornAt, rotated }: LogFile,
  than: { modifiedAt: bigint; bornAt: bigint },
): boolean {
  if (rotated?.isCompressed) return modifiedAt < than.modifiedAt - 1_000_000_000n
  return modifiedAt === than.modifiedAt ? bornAt <= than.bornAt : modifiedAt < than.modifiedAt
}

/** Follows a growing file through rotation, truncation and restarts: every line once, in the order written. */
import type { FileHandle } from 'node:fs/promises'
import { FileChanges } from './_file-changes.ts'
import { decodeCursor, encodeCursor, type FileCursor, type Sighting } from './_file-cursor.ts'
import { FollowedFile } from './_followed-file.ts'
import { openIfThere } from './_open-file.ts'
import type { Piece, Position } from './_piece.ts'
import { findFile, isReplaced, latestRotated, openNext } from './_rotation.ts'
import type { Source, SourceContext, SourceSpec } from './_source.ts'
import { EmitWindow } from './_window.ts'

/** Before it nothing was written. */
const NO_FILE: Sighting = { inode: '', modifiedAt: 0n, bornAt: 0n }

export function follower(path: string, spec: SourceSpec): Source['run'] {
  /** A start whose beginning could not be committed is tried again from the same place, rotated or not. */
  let uncommitted: string | null = null
  return async (context) => {
    const begin = (cursor: string) => {
      uncommitted = cursor
      return context.begin(cursor)
    }
    const window = new EmitWindow(context)
    const changes = new FileChanges(path, context.clock, window.signal, context.log)
    try {
      const tail = new Tail(path, spec, { ...context, begin }, window, changes)
      await tail.run(decodeCursor(context.cursor ?? uncommitted))
    } finally {
      await changes.close()
      await window.drain()
    }
  }
}

class Tail {
  readonly #path: string
  readonly #spec: SourceSpec
  readonly #context: SourceContext
  readonly #window: EmitWindow
  readonly #changes: FileChanges

  constructor(
    path: string,
    spec: SourceSpec,
    context: SourceContext,
    window: EmitWindow,
    changes: FileChanges,
  ) {
    this.#path = path
    this.#spec = spec
    this.#context = context
    this.#window = window
    this.#changes = changes
  }

  async run(cursor: FileCursor | null): Promise<void> {
    /** A file to read, or the one behind which to look for it. */
    let next = await this.#first(cursor)
    if (!(next instanceof FollowedFile)) await this.#context.begin(encodeCursor({ file: next, at: null }))
    while (!this.#window.signal.aborted) {
      if (next instanceof FollowedFile) next = await this.#readUntilReplaced(next)
      else {
        const handle = await openNext(this.#path, next)
        if (handle) next = await this.#followed(handle)
        else await this.#changes.next()
      }
    }
    if (next instanceof FollowedFile) await next.close()
  }

  async #first(cursor: FileCursor | null): Promise<FollowedFile | Sighting> {
    if (cursor === null) {
      const handle = await openIfThere(this.#path)
      return handle ? this.#followed(handle) : ((await latestRotated(this.#path)) ?? NO_FILE)
    }
    if (cursor.at === null) return cursor.file
    // Asked twice: a rotation during the first search may move the file from where it looks to where it looked.
    const found = (await findFile(this.#path, cursor)) ?? (await findFile(this.#path, cursor))
    if (found?.isContinued) return this.#followed(found.handle, cursor.at)
    this.#context.log.warn(
      this.#fields(),
      'the file read before is gone or rewritten: what it still held is missed, reading starts anew',
    )
    return found ? this.#followed(found.handle) : cursor.file
  }

  #followed(handle: FileHandle, from?: Position): Promise<FollowedFile> {
    const { eventBytes } = this.#context.limits
    return FollowedFile.open(handle, { eventBytes, unwrap: this.#spec.unwrap }, from)
  }

  /** Returns the file as it was at its end, or at the abort. */
  async #readUntilReplaced(opened: FollowedFile): Promise<Sighting> {
    let file = opened
    try {
      await this.#context.begin(file.cursor())
      for (;;) {
        // Asked before the last read: what was written before the new file had a line is then read too.
        const isLast = await isReplaced(this.#path, await file.sighting())
        file = await this.#readAll(file)
        if (this.#window.signal.aborted) return await file.sighting()
        if (isLast) {
          await this.#feed(file, file.end())
          return await file.sighting()
        }
        await this.#changes.next()
      }
    } finally {
      await file.close()
    }
  }

  /** To the present end of the file; of one that was rewritten, from its first line. */
  async #readAll(opened: FollowedFile): Promise<FollowedFile> {
    let file = opened
    while (!this.#window.signal.aborted) {
      const read = await file.read()
      if (read === 'end') break
      if (read === 'rewritten') {
        this.#context.log.info(this.#fields(), 'truncated: starting at its beginning')
        file = await file.again()
        await this.#context.begin(file.cursor())
      } else await this.#feed(file, read)
    }
    return file
  }

  async #feed(file: FollowedFile, pieces: readonly Piece[]): Promise<void> {
    await this.#window.feed(pieces.map((piece) => file.framed(piece)))
  }

  #fields(): { source: string } {
    return { source: this.#spec.name }
  }
}

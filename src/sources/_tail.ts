/** Follows a growing file through rotation, truncation and restarts: every line once, in the order written. */
import { type FileHandle, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FileChanges } from './_file-changes.ts'
import { beginsWith, decodeCursor, type FileCursor } from './_file-cursor.ts'
import { FollowedFile } from './_followed-file.ts'
import { isMissing, openIfThere } from './_open-file.ts'
import { framed, START } from './_piece.ts'
import type { SourceContext, SourceSpec } from './_source.ts'
import { EmitWindow } from './_window.ts'

const LINES = { ...START, form: 'lines' } as const

export async function follow(path: string, spec: SourceSpec, context: SourceContext): Promise<void> {
  const window = new EmitWindow(context)
  const changes = new FileChanges(path, context.clock, window.signal, context.log)
  try {
    await new Tail(path, spec, context, window, changes).run(decodeCursor(context.cursor))
  } finally {
    await changes.close()
    await window.drain()
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
    let file = cursor === null ? null : await this.#resume(cursor)
    let finished: Finished | null = null
    while (!this.#window.signal.aborted) {
      file ??= await this.#open(finished)
      if (file === null) await this.#changes.next()
      else {
        finished = await this.#readUntilReplaced(file)
        file = null
      }
    }
    await file?.close()
  }

  async #resume(cursor: FileCursor): Promise<FollowedFile | null> {
    // Asked twice: a rotation during the first search may move the file from where it looks to where it looked.
    const handle = (await findFile(this.#path, cursor)) ?? (await findFile(this.#path, cursor))
    if (handle) return this.#followed(handle, cursor)
    this.#context.log.warn(
      this.#fields(),
      'the file read before is gone or rewritten: what it still held is missed, reading starts anew',
    )
    return null
  }

  /** The path's own file, or one that came and was rotated away since the finished one was the path's own. */
  async #open(finished: Finished | null): Promise<FollowedFile | null> {
    // Opened before looking: whatever rotation does meanwhile, what lies before it can be told.
    const handle = await openIfThere(this.#path)
    const between = finished && (await openBetween(this.#path, finished, handle))
    if (between) await handle?.close()
    const next = between ?? handle
    return next && this.#followed(next, LINES)
  }

  #followed(handle: FileHandle, at: FileCursor | typeof LINES): Promise<FollowedFile> {
    const { eventBytes } = this.#context.limits
    return FollowedFile.open(handle, { eventBytes, unwrap: this.#spec.unwrap }, at)
  }

  /** null: aborted before its end. */
  async #readUntilReplaced(file: FollowedFile): Promise<Finished | null> {
    const { signal } = this.#window
    try {
      while (!signal.aborted) {
        if (await file.isRewritten()) {
          this.#context.log.info(this.#fields(), 'truncated: starting at its beginning')
          file.restart(LINES)
        }
        // Asked before the last read: what was written before the new file had a line is then read too.
        const isReplaced = await this.#isReplaced(file)
        await this.#readAll(file)
        if (signal.aborted) return null
        if (isReplaced) {
          await this.#feed(file, file.end())
          return { inode: file.inode, ...(await file.times()) }
        }
        await this.#changes.next()
      }
      return null
    } finally {
      await file.close()
    }
  }

  async #readAll(file: FollowedFile): Promise<void> {
    while (!this.#window.signal.aborted) {
      const pieces = await file.read()
      if (pieces === null) return
      await this.#feed(file, pieces)
    }
  }

  async #feed(file: FollowedFile, pieces: Parameters<FollowedFile['cursor']>[0][]): Promise<void> {
    await this.#window.feed(pieces.map((piece) => framed(piece, file.cursor(piece))))
  }

  /**
   * A writer keeps to the old file until it has opened the new one, so an empty new file does not count yet; but
   * where a later file was rotated away already, the writer has long left this one.
   */
  async #isReplaced(file: FollowedFile): Promise<boolean> {
    const now = await stat(this.#path, { bigint: true }).catch((cause: unknown) => {
      if (isMissing(cause)) return null
      throw cause
    })
    const own = now && String(now.ino)
    if (own === file.inode) return false
    if (now && now.size > 0n) return true
    const read = { inode: file.inode, ...(await file.times()) }
    return (await familyOf(this.#path)).some((member) => member.inode !== own && isNext(member, read))
  }

  #fields(): { source: string } {
    return { source: this.#spec.name }
  }
}

/** The file that the cursor names, under its own name or under the one that rotation gave it. */
async function findFile(path: string, cursor: FileCursor): Promise<FileHandle | null> {
  for (const name of await namesOf(cursor.inode, path)) {
    const handle = await openIfThere(name)
    if (handle === null) continue
    if (await isSame(handle, cursor)) return handle
    await handle.close()
  }
  return null
}

async function isSame(file: FileHandle, cursor: FileCursor): Promise<boolean> {
  const { ino, size } = await file.stat({ bigint: true })
  return String(ino) === cursor.inode && size >= cursor.offset && beginsWith(file, cursor.head)
}

/** Where the file may be: its own path, or a name beside it that begins with its own, where rotation puts it. */
async function namesOf(inode: string, path: string): Promise<string[]> {
  const family = await familyOf(path)
  return family.filter((member) => member.inode === inode).map(({ name }) => name)
}

/** A file that was read to its end. */
interface Finished {
  readonly inode: string
  /** Nanoseconds, in the file system's own steps of a few milliseconds. */
  readonly modifiedAt: bigint
  readonly bornAt: bigint
}

/** The earliest file written to after the finished one and before the path's own; null: there is none. */
async function openBetween(
  path: string,
  finished: Finished,
  own: FileHandle | null,
): Promise<FileHandle | null> {
  const present = own && (await memberOf(path, own))
  for (;;) {
    const between = (await familyOf(path))
      .filter((member) => member.inode !== present?.inode && isNext(member, finished))
      .filter((member) => present === null || isLater(present, member))
      .sort((a, b) => (isLater(a, b) ? 1 : -1))[0]
    if (!between) return null
    const handle = await openIfThere(between.name)
    if (handle && (await memberOf(between.name, handle)).inode === between.inode) return handle
    // Rotation moved the names on meanwhile: look again.
    await handle?.close()
  }
}

/** Another file, written to after the finished one; a compressed one is a copy of one of them. */
function isNext(member: Member, finished: Finished): boolean {
  return member.inode !== finished.inode && !member.name.endsWith('.gz') && isLater(member, finished)
}

function isLater(a: Finished, b: Finished): boolean {
  return a.modifiedAt === b.modifiedAt ? a.bornAt > b.bornAt : a.modifiedAt > b.modifiedAt
}

interface Member extends Finished {
  readonly name: string
}

async function memberOf(name: string, file: FileHandle): Promise<Member> {
  const { ino, mtimeNs, birthtimeNs } = await file.stat({ bigint: true })
  return { name, inode: String(ino), modifiedAt: mtimeNs, bornAt: birthtimeNs }
}

/** The file and those beside it whose names begin with its own, by name. */
async function familyOf(path: string): Promise<Member[]> {
  const folder = dirname(path)
  const entries = await readdir(folder).catch(() => [])
  const members: Member[] = []
  for (const entry of entries.filter((name) => name.startsWith(basename(path))).sort()) {
    const name = entry === basename(path) ? path : join(folder, entry)
    const stats = await stat(name, { bigint: true }).catch(() => null)
    if (!stats?.isFile()) continue
    members.push({ name, inode: String(stats.ino), modifiedAt: stats.mtimeNs, bornAt: stats.birthtimeNs })
  }
  return members
}

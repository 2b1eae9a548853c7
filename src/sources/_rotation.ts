/** Finds files that rotation renamed: they lie beside the path, and their names begin with its own. */
import type { BigIntStats } from 'node:fs'
import { type FileHandle, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { beginsWith, type FileCursor, type Sighting, sighting, sightingOf } from './_file-cursor.ts'
import { isMissing, openIfThere } from './_open-file.ts'

export interface Found {
  readonly handle: FileHandle
  /** False: truncated or rewritten since. */
  readonly isContinued: boolean
}

/** The cursor's file, under its own name or under the one that rotation gave it. */
export async function findFile(path: string, { file, at }: FileCursor): Promise<Found | null> {
  for (const { name } of (await familyOf(path)).filter(({ inode }) => inode === file.inode)) {
    const handle = await openIfThere(name)
    if (handle === null) continue
    const { ino, size } = await handle.stat({ bigint: true })
    if (String(ino) === file.inode) {
      const isContinued = at !== null && size >= at.offset && (await beginsWith(handle, at.head))
      return { handle, isContinued }
    }
    await handle.close()
  }
  return null
}

/** The file written to last of those that were rotated away. */
export async function latestRotated(path: string): Promise<Sighting | null> {
  const rotated = await rotatedOf(path)
  return rotated.sort((a, b) => (isLater(a, b) ? -1 : 1))[0] ?? null
}

/** The earliest file written to after the finished one: it was rotated away, or is the path's own. null: none. */
export async function openNext(path: string, finished: Sighting): Promise<FileHandle | null> {
  // Opened before looking: whatever rotation does meanwhile, what lies before it can be told.
  const own = await openIfThere(path)
  const between = await openBetween(path, finished, own)
  if (between) await own?.close()
  return between ?? own
}

/**
 * A writer keeps to the old file until it has opened the new one, so an empty new file does not count yet; but where
 * a later file was rotated away already, the writer has long left this one.
 */
export async function isReplaced(path: string, file: Sighting): Promise<boolean> {
  const now = await statsOf(path)
  if (now && String(now.ino) === file.inode) return false
  if (now && now.size > 0n) return true
  return (await rotatedOf(path)).some((member) => isNext(member, file))
}

async function rotatedOf(path: string): Promise<Member[]> {
  return (await familyOf(path)).filter(({ name }) => name !== path)
}

async function openBetween(
  path: string,
  finished: Sighting,
  own: FileHandle | null,
): Promise<FileHandle | null> {
  const present = own && (await sightingOf(own))
  for (;;) {
    const between = (await familyOf(path))
      .filter((member) => member.inode !== present?.inode && isNext(member, finished))
      .filter((member) => present === null || isLater(present, member))
      .sort((a, b) => (isLater(a, b) ? 1 : -1))[0]
    if (!between) return null
    const handle = await openIfThere(between.name)
    if (handle && (await sightingOf(handle)).inode === between.inode) return handle
    // Rotation moved the names on meanwhile: look again.
    await handle?.close()
  }
}

/** Another file, written to after the finished one. */
function isNext(member: Sighting, finished: Sighting): boolean {
  return member.inode !== finished.inode && isLater(member, finished)
}

function isLater(a: Sighting, b: Sighting): boolean {
  return a.modifiedAt === b.modifiedAt ? a.bornAt > b.bornAt : a.modifiedAt > b.modifiedAt
}

interface Member extends Sighting {
  readonly name: string
}

/** The file and those beside it whose names begin with its own, by name; compressed ones are copies of one of them. */
async function familyOf(path: string): Promise<Member[]> {
  const entries = (await unlessMissing(readdir(dirname(path)))) ?? []
  const members: Member[] = []
  for (const entry of entries
    .filter((name) => name.startsWith(basename(path)) && !name.endsWith('.gz'))
    .sort()) {
    const name = join(dirname(path), entry)
    const stats = await statsOf(name)
    if (stats?.isFile()) members.push({ name, ...sighting(stats) })
  }
  return members
}

function statsOf(name: string): Promise<BigIntStats | null> {
  return unlessMissing(stat(name, { bigint: true }))
}

/** Any other failure must not look as if a file were gone: its rest would be passed over. */
function unlessMissing<T>(found: Promise<T>): Promise<T | null> {
  return found.catch((cause: unknown) => {
    if (isMissing(cause)) return null
    throw cause
  })
}

/** What the file system says of a file, to recognize one that has not changed since it was read. */
import { lstatSync } from 'node:fs'

/** Any write changes the time of the change of status, which no program can set. */
export type FileStamp = readonly [size: number, modifiedMs: number, changedMs: number, inode: number]

/** Two writes within the resolution of the clock of a file system leave the same times. That of FAT is the coarsest. */
const CLOCK_RESOLUTION_MS = 2_000

/** null: the path is no regular file, or leads nowhere. A link has no stamp, because its target can change. */
export function stampOf(path: string): FileStamp | null {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? [stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino] : null
}

/** False for a file that may be written once more and still have this stamp. */
export function isOldEnough([, modifiedMs, changedMs]: FileStamp, nowMs: number): boolean {
  return Math.max(modifiedMs, changedMs) + CLOCK_RESOLUTION_MS < nowMs
}

export function isSameStamp(one: FileStamp, other: FileStamp): boolean {
  return one.every((part, at) => part === other[at])
}

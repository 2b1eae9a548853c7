/** The kind of a path. Every function returns false for a path that cannot be examined. */
import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs'

/** Links are followed. */
export function isFolder(path: string): boolean {
  return statOrNull(path, statSync)?.isDirectory() ?? false
}

/** Links are followed. */
export function isFile(path: string): boolean {
  return statOrNull(path, statSync)?.isFile() ?? false
}

/** Links are followed. */
export function isEmptyFile(path: string): boolean {
  const stats = statOrNull(path, statSync)
  return stats?.isFile() === true && stats.size === 0
}

export function isLink(path: string): boolean {
  return statOrNull(path, lstatSync)?.isSymbolicLink() ?? false
}

/** A link that leads nowhere counts, too. */
export function hasEntry(path: string): boolean {
  return statOrNull(path, lstatSync) !== null
}

/** null: the path leads nowhere, or its links form a loop. */
export function realPath(path: string): string | null {
  try {
    return realpathSync.native(path)
  } catch {
    return null
  }
}

function statOrNull(path: string, stat: (path: string) => Stats): Stats | null {
  try {
    return stat(path)
  } catch {
    return null
  }
}

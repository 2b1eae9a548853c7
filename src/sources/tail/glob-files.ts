/** Finds the files that a pattern names, without the rotated siblings of a log among them. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import fastGlob from 'fast-glob'
import { rotatedName } from './rotated-names.ts'

/** A folder that exists, and the pattern below it. */
export interface Pattern {
  readonly folder: string
  readonly pattern: string
}

/** Returns null for a path that names one file. A name with such signs that is there is a file and no pattern. */
export async function patternOf(path: string): Promise<Pattern | null> {
  if (!fastGlob.isDynamicPattern(path) || (await kindOf(path)) !== null) return null
  // A folder whose name has such signs is no pattern, so the pattern begins behind the last folder that exists.
  const names = path.split(sep)
  let count = 1
  while (count < names.length - 1 && (await kindOf(join(sep, ...names.slice(0, count + 1)))) === 'folder')
    count++
  return { folder: join(sep, ...names.slice(0, count)), pattern: names.slice(count).join('/') }
}

/** Returns the paths in the order of their names. */
export async function filesOf({ folder, pattern }: Pattern): Promise<string[]> {
  const paths = await fastGlob.glob(pattern, { cwd: folder, absolute: true, suppressErrors: true })
  return paths.sort((a, b) => (a < b ? -1 : 1))
}

/**
 * Returns the paths that are logs of their own. A rotated sibling belongs to its log.
 * @param known are the logs that are followed: their siblings are no logs while they themselves are missing.
 */
export function ownLogs(paths: readonly string[], known: Iterable<string>): string[] {
  const byFolder = Map.groupBy(new Set([...known, ...paths]), dirname)
  const isSibling = (path: string) =>
    byFolder
      .get(dirname(path))!
      .some((log) => log !== path && rotatedName(basename(log), basename(path)) !== null)
  return paths.filter((path) => !isSibling(path))
}

/** Returns true while the log or a rotated sibling is there. */
export async function hasFiles(log: string): Promise<boolean> {
  const name = basename(log)
  try {
    const names = await readdir(dirname(log))
    return names.some((each) => each === name || rotatedName(name, each) !== null)
  } catch {
    return false
  }
}

async function kindOf(path: string): Promise<'folder' | 'other' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other'
  } catch {
    return null
  }
}

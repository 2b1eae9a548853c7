/** Finds the files that a pattern names, without the rotated siblings of a log among them. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
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

/** Returns the paths in the order of their names, one for each file: a link to another of the files is left out. */
export async function filesOf({ folder, pattern }: Pattern): Promise<string[]> {
  const paths = await fastGlob.glob(pattern, { cwd: folder, absolute: true, suppressErrors: true })
  return withoutLinks(
    folder,
    paths.sort((a, b) => (a < b ? -1 : 1)),
  )
}

async function withoutLinks(folder: string, paths: readonly string[]): Promise<string[]> {
  const realFolder = await targetOf(folder)
  const targets = await Promise.all(paths.map(targetOf))
  const chosen = new Map<string, string>()
  for (const [i, path] of paths.entries()) {
    const target = targets[i]!
    const isOwn = join(realFolder, relative(folder, path)) === target
    if (isOwn || !chosen.has(target)) chosen.set(target, path)
  }
  return paths.filter((path, i) => chosen.get(targets[i]!) === path)
}

async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return path
  }
}

/**
 * Returns the paths that are logs of their own. A rotated sibling belongs to its log.
 * @param known are the logs that are followed: their siblings are no logs while they themselves are missing.
 */
export function ownLogs(paths: readonly string[], known: Iterable<string>): string[] {
  const logs = new Set([...known, ...paths])
  return paths.filter((path) => !isSibling(path, logs))
}

/** The digits of a date, with a separator before each and a letter at the end. */
const MAX_ADDED_CHARS = 50

/** Tries the names without what rotation can have added, because comparing all files with each other would take too long. */
function isSibling(path: string, logs: ReadonlySet<string>): boolean {
  const name = basename(path)
  const folder = path.slice(0, path.length - name.length)
  const plain = name.replace(/\.gz$/, '')
  for (const end of [plain.length, plain.lastIndexOf('.')]) {
    for (let from = Math.max(1, end - MAX_ADDED_CHARS); from < end; from++) {
      const log = plain.slice(0, from) + plain.slice(end)
      if (logs.has(folder + log) && rotatedName(log, name) !== null) return true
    }
  }
  return false
}

/**
 * Returns true while the log or a rotated sibling is there.
 * @param olddir is the folder that rotation moves files to, relative to that of the log, or null.
 */
export async function hasFiles(log: string, olddir: string | null): Promise<boolean> {
  const name = basename(log)
  const isOfLog = (each: string) => each === name || rotatedName(name, each) !== null
  const folder = dirname(log)
  if ((await namesIn(folder)).some(isOfLog)) return true
  return olddir !== null && (await namesIn(resolve(folder, olddir))).some(isOfLog)
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch {
    return []
  }
}

async function kindOf(path: string): Promise<'folder' | 'other' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other'
  } catch {
    return null
  }
}

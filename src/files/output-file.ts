/**
 * The one writer of files whose path may lie in a project. A repository may be a stranger's, and git stores links: a path
 * in a folder that limits it must not lead out of that folder. A path outside every such folder is the user's own, and is
 * written to as it is, be it a device, a FIFO or a link.
 */
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { hasEntry, isLink, realPath } from './path-kind.ts'
import { liesIn } from './project-file.ts'
import { isWithin } from './within.ts'

/** Permissions of files and folders with alerts or secrets: only their owner can read them. */
export const PRIVATE_FILE = 0o600
export const PRIVATE_FOLDER = 0o700

export interface WriteLimits {
  /** Absolute paths. A path in one of them, the innermost where there are several, must not lead out of it. */
  readonly folders: readonly string[]
  /** Permissions of a file that is made; default: those of the umask. What exists keeps its own. */
  readonly mode?: number
  /** Permissions of folders that are made on the way; default: those of the umask. */
  readonly folderMode?: number
}

/** Replaces the file in one step, so that a reader sees the old content or the new one. A link is replaced itself. */
export function writeOutput(path: string, content: string, limits: WriteLimits): void {
  const limit = limitOf(path, limits)
  makeFolder(dirname(path), limits)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  // Git stores no devices and FIFOs: one that lies in a project was put there by the user.
  const isStream = stat !== undefined && !stat.isFile() && !stat.isSymbolicLink() && !stat.isDirectory()
  if (limit === null || isStream) writeFileSync(path, content, { mode: limits.mode ?? 0o666 })
  else replaceFile(path, content, stat?.isFile() ? { keep: stat.mode } : { make: limits.mode })
}

/** Replaces the file, but keeps a link that stays in the folder: its target is replaced. */
export function writeThroughLink(path: string, content: string, limits: WriteLimits): void {
  const target = targetOf(path, limits)
  makeFolder(dirname(target), limits)
  const stat = lstatSync(target, { throwIfNoEntry: false })
  replaceFile(target, content, stat?.isFile() ? { keep: stat.mode } : { make: limits.mode })
}

/** @returns false: something lies there already, be it a link to nowhere, and nothing was written. */
export function createOutput(path: string, content: string, limits: WriteLimits): boolean {
  if (hasEntry(path)) return false
  limitOf(path, limits)
  makeFolder(dirname(path), limits)
  writeFileSync(path, content, { flag: 'wx', mode: limits.mode ?? 0o666 })
  return true
}

export function appendOutput(path: string, content: string, limits: WriteLimits): void {
  appendFileSync(openingPath(path, limits), content, { mode: limits.mode ?? 0o666 })
}

/**
 * Prepares a path that another function opens: makes its folder, and the file if it is missing and a mode is given.
 * @returns the path to open, in which no link leads out of the folder.
 */
export function openingPath(path: string, limits: WriteLimits): string {
  const target = targetOf(path, limits)
  makeFolder(dirname(target), limits)
  if (limits.mode !== undefined && !hasEntry(target)) closeSync(openSync(target, 'a', limits.mode))
  return target
}

/** Makes the folder and those above it. */
export function makeFolder(folder: string, { folders, folderMode = 0o777 }: WriteLimits): void {
  limitOf(join(folder, 'any'), { folders })
  mkdirSync(folder, { recursive: true, mode: folderMode })
}

/** The path with its last links followed, where they lead to a file that may be written. */
function targetOf(path: string, limits: WriteLimits): string {
  const limit = limitOf(path, limits)
  if (!isLink(path)) return path
  const real = realPath(path)
  if (limit === null) return real ?? path
  if (real === null)
    throw new UserError(`${path} is a broken or circular symbolic link`, { code: 'broken-link' })
  if (liesIn([limit], real)) return real
  throw new UserError(`${path} is a symbolic link that points outside ${limit}`, {
    code: 'outside-project',
    hint: 'replace the link by a file, or name a file outside this directory',
  })
}

/** The innermost folder that limits a path; null: none. Refuses a path whose folder really lies elsewhere. */
function limitOf(path: string, { folders }: Pick<WriteLimits, 'folders'>): string | null {
  const limit = folders
    // The root of the file system has nothing outside of it.
    .filter((folder) => dirname(folder) !== folder && isWithin(folder, path))
    .reduce<string | null>(
      (inner, folder) => (inner === null || isWithin(inner, folder) ? folder : inner),
      null,
    )
  if (limit === null) return null
  let existing = dirname(path)
  while (!hasEntry(existing) && isWithin(limit, dirname(existing))) existing = dirname(existing)
  const real = realPath(existing)
  // If nothing exists yet, not even the limiting folder, there is no link.
  if (real === null ? !hasEntry(existing) : liesIn([limit], real)) return limit
  throw new UserError(`${dirname(path)} points outside ${limit} through a symbolic link`, {
    code: 'outside-project',
    hint: 'replace the link by a directory, or name the target directory',
  })
}

function replaceFile(
  path: string,
  content: string,
  { keep, make = 0o666 }: { readonly keep?: number; readonly make?: number },
): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const descriptor = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, make)
  try {
    try {
      if (keep !== undefined) fchmodSync(descriptor, keep & 0o777)
      writeFileSync(descriptor, content)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

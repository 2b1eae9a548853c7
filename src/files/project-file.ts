/**
 * The one reader of the files of a project. A repository may be a stranger's, and git stores links: a file is opened
 * only where it really lies in a folder that may be read, and only a regular file of a limited size is read. What a
 * refusal says never quotes the file, nor where a link leads. Outside of the project a caller may allow pipes, too.
 */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { isAbsolute, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { isLink, realPath } from './path-kind.ts'
import { isWithin } from './within.ts'

interface ReadLimits {
  /** The file, its links followed, lies in one of these. null: the user named this one file, wherever it lies. */
  readonly folders: readonly string[] | null
  readonly maxBytes: number
  /** A pipe or a device is read to its end, and a FIFO waits for its writer. It has an effect only where `folders` is null. */
  readonly allowStream?: boolean
}

interface ReadFailure {
  readonly code:
    | 'missing-file'
    | 'broken-link'
    | 'outside-project'
    | 'not-a-file'
    | 'file-too-large'
    | 'unreadable-file'
  /** The end of a sentence that begins with the name of the file. */
  readonly reason: string
}

type FileContent = { readonly bytes: Buffer } | ReadFailure

/** Without O_NONBLOCK the opening of a FIFO waits for a writer. Windows has neither flag. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0
const MIB = 1024 * 1024
const STREAM_CHUNK_BYTES = 64 * 1024

export function readProjectFile(path: string, limits: ReadLimits): FileContent {
  const { folders, maxBytes, allowStream } = limits
  try {
    if (folders === null && allowStream)
      return readOpened(openSync(path, constants.O_RDONLY), maxBytes, readToEnd)
    if (folders === null) return readOpened(openSync(path, OPEN_FLAGS), maxBytes, readRegularFile)
    const real = realpathSync.native(path)
    if (!liesIn(folders, real)) return { code: 'outside-project', reason: outsideReason(path) }
    // The path has no link any more, so that one that appears now is refused.
    return readOpened(openSync(real, OPEN_FLAGS | NO_FOLLOW), maxBytes, readRegularFile)
  } catch (error) {
    return readFailure(path, (error as NodeJS.ErrnoException).code ?? 'unknown error')
  }
}

/** The text of a file, or a UserError that names it; null: it does not exist. */
export function readProjectText(path: string, limits: ReadLimits): string | null {
  const read = readProjectFile(path, limits)
  if ('bytes' in read) return read.bytes.toString('utf8')
  if (read.code === 'missing-file') return null
  throw new UserError(`the file ${path} ${read.reason}`, { code: errorCodeOf(read, 'unreadable-file') })
}

/** The code of an error about the file. The codes of links say more than `otherwise`, the code of the caller. */
export function errorCodeOf<Code extends string>(
  { code }: { readonly code: string },
  otherwise: Code,
): Code | 'outside-project' | 'broken-link' {
  return code === 'outside-project' || code === 'broken-link' ? code : otherwise
}

/**
 * The folders that limit a file which the user named: one in the project stays in it, links followed, for a pull
 * request may have put a link there. A file outside the project is the user's own choice.
 */
export function foldersFor(root: string, path: string): readonly string[] | null {
  return isWithin(root, path) ? [root] : null
}

/** Reads a file that the user named. A file outside the project may also be a pipe. */
export function readNamedFile(root: string, path: string, maxBytes: number): FileContent {
  return readProjectFile(path, { folders: foldersFor(root, path), maxBytes, allowStream: true })
}

/** @param real a path without links. */
export function liesIn(folders: readonly string[], real: string): boolean {
  return folders.some(
    (folder) => startsWithFolder(real, folder) || isWithin(realPath(folder) ?? folder, real),
  )
}

/** Every folder at the beginning of a path without links is itself no link, so it need not be resolved. */
function startsWithFolder(real: string, folder: string): boolean {
  return isAbsolute(folder) && real.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

export function outsideReason(path: string): string {
  return isLink(path) ? 'is a symbolic link that points outside the project' : 'is outside the project'
}

function readOpened(
  descriptor: number,
  maxBytes: number,
  read: (descriptor: number, maxBytes: number) => FileContent,
): FileContent {
  try {
    return read(descriptor, maxBytes)
  } finally {
    closeSync(descriptor)
  }
}

function readRegularFile(descriptor: number, maxBytes: number): FileContent {
  const stat = fstatSync(descriptor)
  if (!stat.isFile()) return { code: 'not-a-file', reason: 'is not a regular file' }
  if (stat.size > maxBytes) return tooLarge(maxBytes)
  const bytes = Buffer.allocUnsafe(stat.size)
  let length = 0
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null)
    if (count === 0) break
    length += count
  }
  return { bytes: bytes.subarray(0, length) }
}

/** Reads a file whose size is not known before its end, but never much more than the limit. */
function readToEnd(descriptor: number, maxBytes: number): FileContent {
  const chunks: Buffer[] = []
  for (let length = 0; length <= maxBytes; ) {
    const chunk = Buffer.allocUnsafe(STREAM_CHUNK_BYTES)
    const count = readSync(descriptor, chunk, 0, chunk.length, null)
    if (count === 0) return { bytes: Buffer.concat(chunks) }
    chunks.push(chunk.subarray(0, count))
    length += count
  }
  return tooLarge(maxBytes)
}

function tooLarge(maxBytes: number): ReadFailure {
  return { code: 'file-too-large', reason: `is larger than ${sizeText(maxBytes)}` }
}

function sizeText(bytes: number): string {
  return bytes >= MIB ? `${Math.floor(bytes / MIB)} MiB` : `${Math.floor(bytes / 1024)} KiB`
}

function readFailure(path: string, code: string): ReadFailure {
  if (code === 'ELOOP' || (code === 'ENOENT' && isLink(path)))
    return { code: 'broken-link', reason: 'is a broken or circular symbolic link' }
  if (code === 'ENOENT' || code === 'ENOTDIR') return { code: 'missing-file', reason: 'does not exist' }
  // A socket cannot be opened.
  if (code === 'ENXIO' || code === 'EISDIR') return { code: 'not-a-file', reason: 'is not a regular file' }
  return { code: 'unreadable-file', reason: `cannot be read (${code})` }
}

/** Recognizes errors of the file system and of process limits, and describes them to the user. */
import { UserError } from '../../errors.ts'

interface Refusal {
  readonly reason: string
  readonly hint: string
}

const PERMISSIONS = 'check the owner and the permissions of this path and of the folders above it'
const SPACE = 'free some space, or name another path'
const PATH = 'check this path and the folders above it'
const OPEN_FILES = 'raise the limit of open files, for example with ulimit -n'

/**
 * A path that does not exist is not in this list: the code that opens a path knows whether it must exist, and a missing
 * file without an explanation is a bug.
 */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  EACCES: { reason: 'permission denied', hint: PERMISSIONS },
  EPERM: { reason: 'operation not permitted', hint: PERMISSIONS },
  EROFS: { reason: 'read-only file system', hint: 'name a path on a file system that can be written' },
  ENOTDIR: { reason: 'a part of the path is not a folder', hint: PATH },
  EISDIR: { reason: 'it is a folder', hint: PATH },
  ELOOP: { reason: 'too many symbolic links', hint: PATH },
  ENAMETOOLONG: { reason: 'the name is too long', hint: PATH },
  EXDEV: { reason: 'the paths are on different file systems', hint: PATH },
  EBUSY: { reason: 'it is in use', hint: PATH },
  ENOSPC: { reason: 'no space left', hint: SPACE },
  EDQUOT: { reason: 'the disk quota is exceeded', hint: SPACE },
  EFBIG: { reason: 'the file is too large', hint: SPACE },
  EIO: { reason: 'input/output error', hint: 'check the disk' },
  ESTALE: { reason: 'stale file handle', hint: 'check the network file system' },
  EMFILE: { reason: 'too many open files', hint: OPEN_FILES },
  ENFILE: { reason: 'too many open files', hint: OPEN_FILES },
}

const OPERATIONS: Readonly<Record<string, string>> = {
  scandir: 'list',
  opendir: 'list',
  stat: 'examine',
  lstat: 'examine',
  statx: 'examine',
  realpath: 'examine',
  readlink: 'examine',
  mkdir: 'create',
  mkdtemp: 'create',
  rename: 'rename',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  chmod: 'change the permissions of',
  read: 'read',
  write: 'write',
}

/** @returns null if the error is not one of these. */
export function fileSystemError(error: unknown): UserError | null {
  if (!(error instanceof Error)) return null
  const { code, syscall, path } = error as NodeJS.ErrnoException
  const refusal = code !== undefined && Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined
  if (!refusal || path === undefined) return null
  const operation = OPERATIONS[syscall ?? ''] ?? 'open'
  return new UserError(`cannot ${operation} ${path}: ${refusal.reason} (${code})`, {
    code: 'file-system-error',
    hint: refusal.hint,
    cause: error,
  })
}

/** Opens files for reading and says in the operator's words why one can't be read. */
import { type FileHandle, open } from 'node:fs/promises'
import { messageOf, UserError } from '../../errors.ts'

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

export function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
}

/** null when there is no such file. */
export async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, 'r')
    if (!(await file.stat()).isDirectory()) return file
    await file.close()
  } catch (cause) {
    if (isMissing(cause)) return null
    throw unreadable(path, cause)
  }
  throw new UserError(`${path} is a directory`, { hint: 'name one file' })
}

/** A file or folder that exists, as far as is known, and cannot be read or examined. */
export function unreadable(path: string, cause: unknown): UserError {
  return new UserError(`${path} can't be read: ${messageOf(cause)}`, { cause })
}

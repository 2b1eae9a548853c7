/** Opens files for reading and explains to the operator why one cannot be read. */
import { type FileHandle, open } from 'node:fs/promises'
import { messageOf, UserError } from '../../errors.ts'

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

export function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
}

/** Returns null when there is no such file. */
export async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, 'r')
    if (!(await file.stat()).isDirectory()) return file
    await file.close()
  } catch (cause) {
    if (isMissing(cause)) return null
    throw unreadable(path, cause)
  }
  throw new UserError(`${path} is a directory`, { code: 'unreadable-source', hint: 'name one file' })
}

/** Creates the error for a file or folder that exists but cannot be read. */
export function unreadable(path: string, cause: unknown): UserError {
  return new UserError(`cannot read ${path}: ${messageOf(cause)}`, { code: 'unreadable-source', cause })
}

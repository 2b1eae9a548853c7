/** Which files every user of the machine can read. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS_READ = 0o004
const OTHERS_ENTER = 0o001

/**
 * The files that other users can read: the permissions of the file and of every folder above allow it. What does not
 * exist is left out, and so is everything on Windows, where permissions are not these bits.
 */
export function readableByOthers(files: Iterable<string>): string[] {
  if (process.platform === 'win32') return []
  return [...new Set(files)].filter(
    (file) => hasPermission(file, OTHERS_READ, 'file') && canBeReached(dirname(file)),
  )
}

function canBeReached(folder: string): boolean {
  const above = dirname(folder)
  return hasPermission(folder, OTHERS_ENTER, 'folder') && (above === folder || canBeReached(above))
}

function hasPermission(path: string, bit: number, kind: 'file' | 'folder'): boolean {
  try {
    const stat = statSync(path)
    return (kind === 'file' ? stat.isFile() : stat.isDirectory()) && (stat.mode & bit) !== 0
  } catch {
    return false
  }
}

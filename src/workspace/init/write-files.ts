/** Writes new files and never overwrites an existing one. */
import { join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { createOutput } from '../../files/output-file.ts'
import { hasEntry } from '../../files/path-kind.ts'
import type { Files } from './scaffold.ts'

/** Writes all files, or none when one of them exists. */
export function writeNew(root: string, files: Files): void {
  const existing = Object.keys(files).find((path) => hasEntry(join(root, path)))
  if (existing !== undefined) {
    throw new UserError(`${join(root, existing)} already exists`, { code: 'file-exists' })
  }
  writeMissing(root, files)
}

/** @returns the paths of the written files. */
export function writeMissing(root: string, files: Files): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const folder = resolve(root)
    return createOutput(join(folder, path), text, { folders: [folder], mode: modeOf(text) }) ? [path] : []
  })
}

/** Git runs only executable hooks. */
function modeOf(text: string): number {
  return text.startsWith('#!') ? 0o777 : 0o666
}

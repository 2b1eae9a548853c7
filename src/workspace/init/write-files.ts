/** Writes new files, and never over one that is there. */
import { join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { createOutput } from '../../files/output-file.ts'
import { hasEntry } from '../../files/path-kind.ts'
import type { Files } from './scaffold.ts'

/** All or, when one exists, none. */
export function writeNew(root: string, files: Files): void {
  const taken = Object.keys(files).find((path) => hasEntry(join(root, path)))
  if (taken !== undefined) throw new UserError(`${join(root, taken)} exists already`)
  writeMissing(root, files)
}

/** @returns the paths that were written. */
export function writeMissing(root: string, files: Files): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const folder = resolve(root)
    return createOutput(join(folder, path), text, { folders: [folder], mode: modeOf(text) }) ? [path] : []
  })
}

/** Git runs only those hooks that are executable. */
function modeOf(text: string): number {
  return text.startsWith('#!') ? 0o777 : 0o666
}

/** Writes new files, and never over one that is there. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import type { Files } from './scaffold.ts'

/** All or, when one exists, none. */
export function writeNew(root: string, files: Files): void {
  const taken = Object.keys(files).find((path) => existsSync(join(root, path)))
  if (taken !== undefined) throw new UserError(`${join(root, taken)} exists already`)
  writeMissing(root, files)
}

/** @returns the paths that were written. */
export function writeMissing(root: string, files: Files): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const file = join(root, path)
    if (existsSync(file)) return []
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return [path]
  })
}

/**
 * Identifies the running program by its own text. What the program computes and keeps is named by this, so that nothing
 * that another version kept is taken for its own.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { IS_CHECKOUT, MODULES_FOLDER } from './installed-files.ts'

/** The build writes it, over the sources that it compiles. A checkout has none: there it is computed at each start. */
export const BUILT_VERSION_FILE = 'program-version.txt'

let version: string | undefined

export function programVersion(): string {
  version ??= IS_CHECKOUT
    ? versionOfSources(MODULES_FOLDER)
    : readFileSync(join(MODULES_FOLDER, BUILT_VERSION_FILE), 'utf8')
  return version
}

/**
 * A hash over every file below the folder, whatever it is called, and over the manifest beside it, which pins the
 * versions of all packages that the program uses.
 */
export function versionOfSources(folder: string): string {
  const sum = createHash('sha256')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('__pycache__'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
  for (const path of [...files, '../package.json']) {
    const bytes = readFileSync(join(folder, path))
    sum.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return sum.digest('hex')
}

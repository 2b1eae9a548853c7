/** Creates a cache for one test, with the base snapshot of the run, because making one takes seconds. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SNAPSHOT_DIRECTORY } from './engine-project.ts'

/** @param from another cache of a test, instead of the user's. */
export function seededCache(folder: string, from = SNAPSHOT_DIRECTORY): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const present = existsSync(join(from, 'key')) ? readdirSync(from) : []
  for (const name of present.filter((each) => each === 'key' || each.startsWith('base-'))) {
    copyFileSync(join(from, name), join(folder, name))
  }
  return folder
}

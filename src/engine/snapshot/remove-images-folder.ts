/** EITHER THREAD. Removes the cache folder of earlier versions, whose entries no version reads any more. */
import { readdir, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The folder's name before it was `snapshots`. */
const OLD_NAME = 'images'
const OLD_ENTRY = /^key$|\.image$|\.partial$/

/**
 * Earlier versions kept up to 256 MiB beside the folder of today. Only files with the names of that cache are removed, so
 * a folder that holds anything else stays.
 *
 * @param folder absolute path of the cache folder, which has just been created.
 */
export async function removeImagesFolder(folder: string): Promise<void> {
  if (basename(folder) !== 'snapshots') return
  const old = join(dirname(folder), OLD_NAME)
  try {
    const entries = (await readdir(old)).filter((name) => OLD_ENTRY.test(name))
    await Promise.all(entries.map((name) => rm(join(old, name), { force: true })))
    await rmdir(old)
  } catch {
    // There is no such folder, it holds something else, or it cannot be changed: nothing depends on it.
  }
}

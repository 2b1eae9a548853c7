/** Python packages of a project: added, and restored from its lock. */
import { join, resolve } from 'node:path'
import { processEnvironment, pythonIndex } from '../config/files/environment.ts'
import { PACKAGES_FOLDER, PACKAGES_LOCK } from '../config/settings/python-paths.ts'
import { addPackages, type PackageFolder, type SyncResult, syncPackages } from '../packages/add-packages.ts'
import { openIndex, type PackageIndex } from '../packages/index-client.ts'
import type { LockedPackage } from '../packages/lock.ts'

interface Where {
  readonly root: string
  readonly envFile?: string
}

/** @param indexUrl `--index-url`. */
export function addPython(
  where: Where,
  requirements: readonly string[],
  indexUrl?: string,
): Promise<readonly LockedPackage[]> {
  return addPackages(placeOf(where), requirements, indexOf(where, indexUrl))
}

export function syncPython(where: Where, indexUrl?: string): Promise<SyncResult> {
  return syncPackages(placeOf(where), () => indexOf(where, indexUrl))
}

function placeOf({ root }: Where): PackageFolder {
  const folder = resolve(root)
  return {
    root: folder,
    folder: join(folder, PACKAGES_FOLDER),
    lockName: PACKAGES_LOCK,
    lockFile: join(folder, PACKAGES_LOCK),
  }
}

function indexOf(where: Where, indexUrl?: string): PackageIndex {
  return openIndex(indexUrl ?? pythonIndex(processEnvironment(where)))
}

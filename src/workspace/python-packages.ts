/** Adds Python packages to a project and restores them from its lock. */
import { join, resolve } from 'node:path'
import { processEnvironment, pythonIndex } from '../config/files/environment.ts'
import { PACKAGES_FOLDER, PACKAGES_LOCK } from '../config/settings/python-paths.ts'
import { addPackages, type PackageFolder, type SyncResult, syncPackages } from '../packages/add-packages.ts'
import { openIndex, type PackageIndex } from '../packages/index-client.ts'
import type { LockedPackage } from '../packages/lock.ts'

interface PackageLocation {
  readonly root: string
  readonly envFile?: string
}

/** @param indexUrl is the value of `--index-url`. */
export function addPython(
  location: PackageLocation,
  requirements: readonly string[],
  indexUrl?: string,
): Promise<readonly LockedPackage[]> {
  return addPackages(packageFolderOf(location), requirements, indexOf(location, indexUrl))
}

export function syncPython(location: PackageLocation, indexUrl?: string): Promise<SyncResult> {
  return syncPackages(packageFolderOf(location), () => indexOf(location, indexUrl))
}

function packageFolderOf({ root }: PackageLocation): PackageFolder {
  const folder = resolve(root)
  return {
    root: folder,
    folder: join(folder, PACKAGES_FOLDER),
    lockName: PACKAGES_LOCK,
    lockFile: join(folder, PACKAGES_LOCK),
  }
}

function indexOf(location: PackageLocation, indexUrl?: string): PackageIndex {
  return openIndex(indexUrl ?? pythonIndex(processEnvironment(location)))
}

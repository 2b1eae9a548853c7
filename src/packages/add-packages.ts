/** `python add` and `python sync`: install requested or locked packages. */
import { UserError } from '../errors.ts'
import { writeThroughLink } from '../files/output-file.ts'
import type { PackageIndex } from './index-client.ts'
import { sha256 } from './index-client.ts'
import { type Installation, install, isInstalled } from './install.ts'
import { type Lock, type LockedPackage, lockText, readLock } from './lock.ts'
import { parseRequirement } from './requirement.ts'
import { type Resolution, resolve } from './resolve.ts'
import { readWheel, type Wheel } from './wheel.ts'

export interface PackageFolder extends Installation {
  /** Absolute path of the lock. */
  readonly lockFile: string
}

/** @returns all packages of the project, those that were there before included. */
export async function addPackages(
  target: PackageFolder,
  requirements: readonly string[],
  index: PackageIndex,
): Promise<readonly LockedPackage[]> {
  const before = readLock(target.lockFile, target.root)
  const requested = mergeRequests(before.requested, requirements)
  const preferred = new Map(before.packages.map(({ name, version }) => [name, version]))
  // A new request is not limited to the locked version.
  for (const text of requirements) preferred.delete(parseRequirement(text).name)
  const resolved = await resolve(requested.map(parseRequirement), index, preferred)
  const lock = { requested, packages: resolved.map(lockedPackage) }
  const wheels = resolved.map(({ wheel }) => wheel)
  await install(target, wheels, lock)
  writeThroughLink(target.lockFile, lockText(lock), { folders: [target.root] })
  return lock.packages
}

export interface SyncResult {
  readonly packages: readonly LockedPackage[]
  /** False: everything was installed, and the index was not used. */
  readonly fetched: boolean
}

export async function syncPackages(
  target: PackageFolder,
  openIndex: () => PackageIndex,
): Promise<SyncResult> {
  const lock = readLock(target.lockFile, target.root)
  const { packages } = lock
  if (isInstalled(target, lock)) return { packages, fetched: false }
  const index = openIndex()
  const wheels: Wheel[] = []
  for (const each of packages) wheels.push(await fetchLocked(each, index))
  await install(target, wheels, lock)
  return { packages, fetched: true }
}

async function fetchLocked(
  { name, file, sha256: expected, record }: LockedPackage,
  index: PackageIndex,
): Promise<Wheel> {
  const offered = (await index.files(name)).find((each) => each.file === file)
  if (!offered) throw new UserError(`${file} not found in the package index`, { code: 'unknown-package' })
  // The hash of the lock decides, not the hash of the index.
  const wheel = readWheel(await index.download({ ...offered, sha256: expected }), file)
  if (recordOf(wheel) === record) return wheel
  throw new UserError(`the lock does not match ${file}: its RECORD is different`, {
    code: 'sha256-mismatch',
    hint: `run: signalbox python add ${name}`,
  })
}

/** A new request replaces the earlier request for the same name. */
function mergeRequests(before: readonly string[], now: readonly string[]): string[] {
  const names = new Set(now.map((text) => parseRequirement(text).name))
  return [...before.filter((text) => !names.has(parseRequirement(text).name)), ...now].sort()
}

function lockedPackage({ name, version, file, sha256, wheel }: Resolution): Lock['packages'][number] {
  return { name, version, file, sha256, info: wheel.info, record: recordOf(wheel) }
}

function recordOf({ files, info }: Wheel): string {
  return sha256(files.get(`${info}/RECORD`)!)
}

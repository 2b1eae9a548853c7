/** Puts packages before an interpreter: in its file system, which is memory, after it was locked. */
import type { PackageSet } from '../../model/project/packages.ts'

/** Of Emscripten's file system, what is used here. */
interface FileSystem {
  mkdirTree(path: string): void
  writeFile(path: string, data: Uint8Array, options: { readonly canOwn: boolean }): void
  unlink(path: string): void
  rmdir(path: string): void
}

/** As the driver knows it; see loading.py. */
export const PACKAGES_FOLDER = '/packages'

/** A copy for each interpreter: no mistake in front of these files can reach another worker, or another trust group. */
export function installPackages(FS: FileSystem, { files, bytes }: PackageSet): void {
  const folders = new Set<string>()
  const own = new Uint8Array(bytes).slice()
  for (const { path, offset, length } of files) {
    const target = `${PACKAGES_FOLDER}/${path}`
    const folder = target.slice(0, target.lastIndexOf('/'))
    if (!folders.has(folder)) FS.mkdirTree(folder)
    folders.add(folder)
    FS.writeFile(target, own.subarray(offset, offset + length), { canOwn: true })
  }
}

/** Takes packages away that turned out not to be those of the project: nothing of them may be imported. */
export function removePackages(FS: FileSystem, { files }: PackageSet): void {
  const folders = new Set<string>()
  for (const { path } of files) {
    const steps = path.split('/')
    for (let length = 1; length < steps.length; length++) folders.add(steps.slice(0, length).join('/'))
    FS.unlink(`${PACKAGES_FOLDER}/${path}`)
  }
  const innermostFirst = [...folders].sort((a, b) => b.length - a.length)
  for (const folder of innermostFirst) FS.rmdir(`${PACKAGES_FOLDER}/${folder}`)
}

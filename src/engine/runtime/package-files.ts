/** WORKER THREAD. Installs packages in the file system of a locked interpreter, which is memory. */
import type { PackageSet } from '../../model/project/packages.ts'

/** The part of Emscripten's file system that is used here. */
interface FileSystem {
  mkdirTree(path: string): void
  writeFile(path: string, data: Uint8Array, options: { readonly canOwn: boolean }): void
  unlink(path: string): void
  rmdir(path: string): void
}

/** The same folder as in imports.py. */
export const PACKAGES_FOLDER = '/packages'

/** Copies the files, so that nothing that is done to them can reach another worker or trust group. */
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

/** Removes packages that are not those of the project, so that none of their modules can be imported. */
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

/** Puts packages before an interpreter: in its file system, which is memory, after it was locked. */
import type { PackageSet } from '../model/packages.ts'

/** Of Emscripten's file system, what is used here. */
interface FileSystem {
  mkdirTree(path: string): void
  writeFile(path: string, data: Uint8Array, options: { readonly canOwn: boolean }): void
}

/** As the driver knows it; see loading.py. */
const FOLDER = '/packages'

/** A copy for each interpreter: no mistake in front of these files can reach another worker, or another trust group. */
export function installPackages(FS: FileSystem, { files, bytes }: PackageSet): void {
  const folders = new Set<string>()
  const own = new Uint8Array(bytes).slice()
  for (const { path, at, length } of files) {
    const target = `${FOLDER}/${path}`
    const folder = target.slice(0, target.lastIndexOf('/'))
    if (!folders.has(folder)) FS.mkdirTree(folder)
    folders.add(folder)
    FS.writeFile(target, own.subarray(at, at + length), { canOwn: true })
  }
}

/** Puts packages before an interpreter: in its file system, which is memory, after it was locked. */
import type { PackageSet } from '../model/packages.ts'

/** Of Emscripten's file system, what is used here. */
interface FileSystem {
  mkdirTree(path: string): void
  writeFile(path: string, data: Uint8Array, options: { readonly canOwn: boolean }): void
}

/** As the driver knows it; see loading.py. */
const FOLDER = '/packages'

/** The bytes are shared by all workers: what Python opens, it can only read. */
export function installPackages(FS: FileSystem, { files, bytes }: PackageSet): void {
  const folders = new Set<string>()
  for (const { path, at, length } of files) {
    const target = `${FOLDER}/${path}`
    const folder = target.slice(0, target.lastIndexOf('/'))
    if (!folders.has(folder)) FS.mkdirTree(folder)
    folders.add(folder)
    FS.writeFile(target, new Uint8Array(bytes, at, length), { canOwn: true })
  }
}

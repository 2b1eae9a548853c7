/**
 * WORKER THREAD. Compares the files of an interpreter with their sources. The name of a snapshot is a hash of the packages'
 * digest and the runtime's texts, so a snapshot is kept only if the interpreter really ran these.
 */
import { type PackageSet, packagesDigest } from '../../model/project/packages.ts'
import type { PythonFile } from '../protocol/interpreter-start.ts'
import { PACKAGES_FOLDER } from './package-files.ts'
import { UTC_ZONE, UTC_ZONE_FILE } from './time-zone.ts'

export const LIBRARY_FILE = '/lib/python314.zip'
export const RUNTIME_FOLDER = '/signalbox'

interface FileNode {
  readonly mode: number
  readonly contents: unknown
  readonly usedBytes?: number
}

/** The part of Emscripten's file system that is used here. */
export interface FileTree {
  readonly root: FileNode
  isDir(mode: number): boolean
  isFile(mode: number): boolean
}

interface ExpectedFiles {
  /** The bytes by absolute path. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** The paths below the folder of packages, in the order of the digest. */
  readonly packagePaths: readonly string[]
  readonly packagesDigest: string
}

/** @param path the relative path of one of the runtime's own Python files. */
export function runtimeFile(path: string): string {
  return `${RUNTIME_FOLDER}/${path}`
}

/** The files of which the name of a snapshot with these packages is a hash. */
export function expectedFiles(
  runtime: readonly PythonFile[],
  library: Uint8Array,
  packages: PackageSet,
): ExpectedFiles {
  const texts = runtime.map(({ path, text }) => [runtimeFile(path), Buffer.from(text)] as const)
  return {
    files: new Map<string, Uint8Array>([
      [LIBRARY_FILE, library],
      [UTC_ZONE_FILE, Buffer.from(UTC_ZONE)],
      ...texts,
    ]),
    packagePaths: packages.files.map(({ path }) => path),
    packagesDigest: packages.digest,
  }
}

/** Returns the path of a file that is not as expected, or null. */
export function unexpectedFile(FS: FileTree, expected: ExpectedFiles): string | null {
  const held = filesBelow(FS, FS.root, '')
  for (const [path, bytes] of expected.files) if (!isEqual(held.get(path), bytes)) return path
  const packaged = expected.packagePaths.map((path) => `${PACKAGES_FOLDER}/${path}`)
  const known = new Set([...expected.files.keys(), ...packaged])
  const other = [...held.keys()].find((path) => !known.has(path))
  if (other !== undefined) return other
  const missing = packaged.find((path) => !held.has(path))
  if (missing !== undefined) return missing
  const files = expected.packagePaths.map((path, i) => ({ path, bytes: held.get(packaged[i]!)! }))
  return packagesDigest(files) === expected.packagesDigest ? null : PACKAGES_FOLDER
}

function filesBelow(FS: FileTree, folder: FileNode, path: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const [name, node] of Object.entries(folder.contents as Record<string, FileNode>)) {
    const at = `${path}/${name}`
    if (FS.isDir(node.mode)) for (const [inner, bytes] of filesBelow(FS, node, at)) files.set(inner, bytes)
    else if (FS.isFile(node.mode)) files.set(at, contentsOf(node))
  }
  return files
}

/** A file that was never written has no contents. */
function contentsOf({ contents, usedBytes = 0 }: FileNode): Uint8Array {
  return contents instanceof Uint8Array ? contents.subarray(0, usedBytes) : new Uint8Array()
}

function isEqual(held: Uint8Array | undefined, bytes: Uint8Array): boolean {
  return held !== undefined && Buffer.compare(held, bytes) === 0
}

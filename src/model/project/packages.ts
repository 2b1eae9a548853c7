/** Pure-Python packages that bodies may import: files in shared memory, of which each worker makes a copy. */
import { createHash } from 'node:crypto'

export interface PackageFile {
  /** `<number of its root>/<path below it>`, with `/`. */
  readonly path: string
  /** The offset of its bytes in the bytes of the set. */
  readonly offset: number
  readonly length: number
}

export interface PackageSet {
  /** The number of folders and wheels. Each is a root of its own, and earlier ones win. */
  readonly roots: number
  readonly files: readonly PackageFile[]
  readonly bytes: SharedArrayBuffer
  /** The SHA-256 of paths and bytes. */
  readonly digest: string
  /** Top-level names that can be imported. */
  readonly modules: ReadonlySet<string>
}

/** SHA-256 over paths, lengths and bytes, in this order. */
export function packagesDigest(
  files: Iterable<{ readonly path: string; readonly bytes: Uint8Array }>,
): string {
  const hash = createHash('sha256')
  for (const { path, bytes } of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  return hash.digest('hex')
}

export const NO_PACKAGES: PackageSet = {
  roots: 0,
  files: [],
  bytes: new SharedArrayBuffer(0),
  digest: packagesDigest([]),
  modules: new Set(),
}

/** Distributions whose name differs from the name to import. */
const DISTRIBUTIONS: Readonly<Record<string, string>> = {
  dateutil: 'python-dateutil',
  zoneinfo: 'tzdata',
  yaml: 'PyYAML',
  bs4: 'beautifulsoup4',
  jwt: 'PyJWT',
}

/** The distribution to install for a top-level module. */
export function distributionOf(module: string): string {
  return Object.hasOwn(DISTRIBUTIONS, module) ? DISTRIBUTIONS[module]! : module
}

/** Reads folders and wheels of pure-Python packages into one set of files. Runs none of it. */
import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { NO_PACKAGES, type PackageSet } from '../model/packages.ts'
import { unpackWheel } from './wheel.ts'

/** Paths below a root, with `/`. */
type Files = ReadonlyMap<string, Uint8Array>

/** More is somebody's whole disk rather than the packages of some detections. */
const BOUNDS = { bytes: 256 * 1024 * 1024, files: 20_000 }

/** Caches, and what is compiled, which can't run here. */
const LEFT_OUT = /\.(?:pyc|so|pyd|dylib)$/
const PYTHON = /\.pyi?$/
/** What installers leave beside a package. */
const INSTALLED = /\.(?:dist|egg)-info$/

/** @param paths absolute, of folders or wheels; the first one that has a module wins. */
export function readPackages(paths: readonly string[], bounds = BOUNDS): PackageSet {
  if (paths.length === 0) return NO_PACKAGES
  const budget = new Budget(bounds)
  const roots = paths.flatMap((path) =>
    path.endsWith('.whl') ? [wheelFiles(path, budget)] : folderRoots(path, budget),
  )
  return {
    roots: roots.length,
    ...together(roots),
    modules: new Set(roots.flatMap(topLevel)),
  }
}

class Budget {
  readonly #most: typeof BOUNDS
  #files = 0
  #bytes = 0

  constructor(most: typeof BOUNDS) {
    this.#most = most
  }

  spend(bytes: number, path: string): void {
    this.#files++
    this.#bytes += bytes
    const { bytes: mostBytes, files: mostFiles } = this.#most
    if (this.#files <= mostFiles && this.#bytes <= mostBytes) return
    throw new UserError(`the Python packages are too large to load: gave up at ${path}`, {
      hint: `at most ${mostFiles} files of together ${mostBytes / 1024 / 1024} MiB are read; name only the packages that detections need`,
    })
  }
}

function wheelFiles(path: string, budget: Budget): Files {
  return unpackWheel(readFileSync(path), basename(path), (bytes) => budget.spend(bytes, path))
}

/** The folder itself, and each wheel that lies in it. */
function folderRoots(folder: string, budget: Budget): Files[] {
  const files = new Map<string, Uint8Array>()
  const wheels: Files[] = []
  const real = realpathSync.native(folder)
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.name.endsWith('.whl')) wheels.push(wheelFiles(path, budget))
    else {
      const found = filesBelow(entry, folder, '')
      // Of everything else in the folder detections see nothing: it may be a project's own, secrets included.
      if (INSTALLED.test(entry.name) || found.some(({ name }) => PYTHON.test(name))) {
        for (const each of found) addFile(each, { files, real, budget })
      }
    }
  }
  return [files, ...wheels]
}

interface Found {
  readonly path: string
  /** Below the root, with `/`. */
  readonly name: string
  readonly isLink: boolean
}

/** Names only. Linked folders are not entered: no loop of links can be walked. */
function filesBelow(entry: Dirent, folder: string, below: string): Found[] {
  const path = join(folder, entry.name)
  const name = `${below}${entry.name}`
  if (!entry.isDirectory()) return [{ path, name, isLink: entry.isSymbolicLink() }]
  return entriesOf(path).flatMap((inner) => filesBelow(inner, path, `${name}/`))
}

function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !skipped(name))
    .sort(byName)
}

interface Reading {
  readonly files: Map<string, Uint8Array>
  /** Where the root really lies: links that lead out of it are not followed. */
  readonly real: string
  readonly budget: Budget
}

function addFile({ path, name, isLink }: Found, { files, real, budget }: Reading): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile() || (isLink && !realpathSync.native(path).startsWith(real + sep))) return
  budget.spend(stat.size, path)
  files.set(name, readFileSync(path))
}

function skipped(name: string): boolean {
  return name.startsWith('.') || name === '__pycache__' || name === 'node_modules' || LEFT_OUT.test(name)
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

function topLevel(root: Files): string[] {
  const python = [...root.keys()].filter((path) => path.endsWith('.py'))
  return python.map((path) => path.split('/', 1)[0]!.replace(/\.py$/, ''))
}

/** One block of shared memory, which messages to workers do not copy. */
function together(roots: readonly Files[]): Pick<PackageSet, 'files' | 'bytes' | 'digest'> {
  const all = roots.flatMap((root, number) =>
    [...root].map(([path, bytes]) => ({ path: `${number}/${path}`, bytes })),
  )
  const shared = new SharedArrayBuffer(all.reduce((sum, { bytes }) => sum + bytes.length, 0))
  const whole = new Uint8Array(shared)
  const hash = createHash('sha256')
  let at = 0
  const files = all.map(({ path, bytes }) => {
    whole.set(bytes, at)
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
    at += bytes.length
    return { path, at: at - bytes.length, length: bytes.length }
  })
  return { files, bytes: shared, digest: hash.digest('hex') }
}

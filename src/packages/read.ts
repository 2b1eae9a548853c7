/** Reads folders and wheels of pure-Python packages into one set of files. Runs none of it. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
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
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (name.endsWith('.whl')) wheels.push(wheelFiles(path, budget))
    else if (PYTHON.test(name)) addFile(path, name, { files, real, budget })
    // Of everything else in the folder detections see nothing: it may be a project's own, secrets included.
    else if (isPackage(path)) addFolder(path, name, { files, real, budget })
  }
  return [files, ...wheels]
}

/** A folder with Python in it, or what an installer left beside one. */
function isPackage(path: string): boolean {
  if (skipped(basename(path)) || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false
  if (/\.(?:dist|egg)-info$/.test(path)) return true
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).some((name) => PYTHON.test(name))
}

interface Reading {
  readonly files: Map<string, Uint8Array>
  /** Where the root really lies: links that lead out of it are not followed. */
  readonly real: string
  readonly budget: Budget
}

function addFolder(folder: string, below: string, reading: Reading): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
    if (skipped(entry.name)) continue
    const path = join(folder, entry.name)
    // Linked folders are not entered: no loop of links can be walked.
    if (entry.isDirectory()) addFolder(path, `${below}/${entry.name}`, reading)
    else addFile(path, `${below}/${entry.name}`, reading)
  }
}

function addFile(path: string, name: string, { files, real, budget }: Reading): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile() || !realpathSync.native(path).startsWith(real + sep)) return
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

/** One block of shared memory: workers get the files without a copy each. */
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

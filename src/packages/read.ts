/** Reads folders and wheels of pure-Python packages into one set of files. Runs none of it. */
import { type Dirent, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UserError } from '../errors.ts'
import { isFile } from '../files/path-kind.ts'
import { errorCodeOf, readProjectFile } from '../files/project-file.ts'
import { NO_PACKAGES, type PackageSet, packagesDigest } from '../model/project/packages.ts'
import { PACKAGE_BOUNDS, PackageBudget } from './budget.ts'
import { unpackWheel } from './wheel.ts'

/** Paths below a root, with `/`. */
type Files = ReadonlyMap<string, Uint8Array>

/** Caches, and compiled files, which cannot run here. */
const IGNORED_FILES = /\.(?:pyc|so|pyd|dylib)$/
const PYTHON = /\.pyi?$/
/** The metadata that installers leave beside a package. */
const INSTALLED = /\.(?:dist|egg)-info$/

/** @param paths absolute, of folders or wheels; the first one that has a module wins. */
export function readPackages(paths: readonly string[], bounds = PACKAGE_BOUNDS): PackageSet {
  if (paths.length === 0) return NO_PACKAGES
  const budget = new PackageBudget(bounds)
  // The paths were checked when they were resolved; links in a folder must stay in the folder.
  const roots = paths.flatMap((path) =>
    path.endsWith('.whl') && isFile(path)
      ? [wheelFiles(path, { folders: null, budget })]
      : folderRoots(path, budget),
  )
  return {
    roots: roots.length,
    ...concatenate(roots),
    modules: new Set(roots.flatMap(topLevelModules)),
  }
}

interface ReadingState {
  /** A file must be in one of these folders, links followed; null: anywhere. */
  readonly folders: readonly string[] | null
  readonly budget: PackageBudget
}

function wheelFiles(path: string, { folders, budget }: ReadingState): Files {
  const read = readProjectFile(path, { folders, maxBytes: budget.bytesLeft })
  if ('bytes' in read) return unpackWheel(read.bytes, basename(path), (bytes) => budget.spend(bytes, path))
  if (read.code === 'file-too-large') return budget.exceeded(path)
  throw new UserError(`the wheel ${path} ${read.reason}`, { code: errorCodeOf(read, 'unreadable-package') })
}

/** The folder itself, and each wheel that lies in it. */
function folderRoots(folder: string, budget: PackageBudget): Files[] {
  const files = new Map<string, Uint8Array>()
  const wheels: Files[] = []
  const reading = { folders: [folder], budget }
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.name.endsWith('.whl') && !entry.isDirectory()) wheels.push(wheelFiles(path, reading))
    else {
      const found = filesBelow(entry, folder, '')
      // Detections see nothing else of the folder, because it may contain other files of a project, secrets included.
      if (INSTALLED.test(entry.name) || found.some(({ name }) => PYTHON.test(name))) {
        for (const each of found) addFile(each, files, reading)
      }
    }
  }
  return [files, ...wheels]
}

interface FoundFiles {
  readonly path: string
  /** Below the root, with `/`. */
  readonly name: string
}

/** Names only. Linked folders are not entered: no loop of links can be walked. */
function filesBelow(entry: Dirent, folder: string, below: string): FoundFiles[] {
  const path = join(folder, entry.name)
  const name = `${below}${entry.name}`
  if (!entry.isDirectory()) return [{ path, name }]
  return entriesOf(path).flatMap((inner) => filesBelow(inner, path, `${name}/`))
}

function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !isIgnored(name))
    .sort(byName)
}

/** Links that lead out of the folder, and what is no file, are left out. */
function addFile(
  { path, name }: FoundFiles,
  files: Map<string, Uint8Array>,
  { folders, budget }: ReadingState,
): void {
  const read = readProjectFile(path, { folders, maxBytes: budget.bytesLeft })
  if ('bytes' in read) {
    budget.spend(read.bytes.length, path)
    files.set(name, read.bytes)
  } else if (read.code === 'file-too-large') budget.exceeded(path)
  else if (read.code === 'unreadable-file') {
    throw new UserError(`the file ${path} ${read.reason}`, { code: 'unreadable-package' })
  }
}

function isIgnored(name: string): boolean {
  return name.startsWith('.') || name === '__pycache__' || name === 'node_modules' || IGNORED_FILES.test(name)
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

function topLevelModules(root: Files): string[] {
  const python = [...root.keys()].filter((path) => path.endsWith('.py'))
  return python.map((path) => path.split('/', 1)[0]!.replace(/\.py$/, ''))
}

/** One block of shared memory, which messages to workers do not copy. */
function concatenate(roots: readonly Files[]): Pick<PackageSet, 'files' | 'bytes' | 'digest'> {
  const all = roots.flatMap((root, number) =>
    [...root].map(([path, bytes]) => ({ path: `${number}/${path}`, bytes })),
  )
  const shared = new SharedArrayBuffer(all.reduce((sum, { bytes }) => sum + bytes.length, 0))
  const whole = new Uint8Array(shared)
  let offset = 0
  const files = all.map(({ path, bytes }) => {
    whole.set(bytes, offset)
    offset += bytes.length
    return { path, offset: offset - bytes.length, length: bytes.length }
  })
  return { files, bytes: shared, digest: packagesDigest(all) }
}

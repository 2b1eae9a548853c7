/** Finds analysis files, as Panther's layout has them. Reads names only, never what is in a file. */
import { type Dirent, existsSync, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { compareText } from '../model/compare-text.ts'

export interface Discovered {
  /** Absolute paths of possible specs, sorted. */
  readonly specs: readonly string[]
  /** `*.expect.yml` files among them. */
  readonly sideFiles: readonly string[]
  /** Python files in the same folders. */
  readonly python: readonly string[]
  /** YAML files outside the folders that are searched. */
  readonly outside: readonly string[]
  /** Links that are not followed. */
  readonly links: readonly { readonly path: string; readonly leads: Exclude<Leads, 'inside'> }[]
}

type Leads = 'inside' | 'outside' | 'to-folder' | 'nowhere'

const SIDE_FILE = /\.expect\.ya?ml$/
const PYTHON_FILE = /^[^.].*\.py$/
const YAML_FILE = /^[^.].*\.y.*ml$/
const NEVER = new Set(['node_modules', '__pycache__', 'dependabot.yml'])
/** Panther's rule for the argument `.`: folders whose path, begun with `./`, fits one of these. */
const SEARCHED = [
  /data_models/,
  /\/global_helpers$/,
  /lookup_tables/,
  /rules/,
  /\/packs$/,
  /policies/,
  /queries/,
  /scheduled_prompts/,
]
const LEANED_ON = ['global_helpers', 'data_models']

/** Everything of the project, or of the `paths` (walked in full) and the helpers and data models near them. */
export function discover(root: string, paths: readonly string[] = []): Discovered {
  const found = new Set<string>()
  const outside: string[] = []
  if (paths.length === 0) {
    for (const file of filesUnder(root)) {
      // What is named like neither is a linked folder.
      const isFound = [YAML_FILE, PYTHON_FILE].some((form) => form.test(basename(file)))
      const folder = isFound ? dirname(file) : file
      if (isSearched(relative(root, folder))) found.add(file)
      else outside.push(file)
    }
  }
  for (const path of paths) for (const file of filesOf(resolve(root, path))) found.add(file)
  const starts = paths.length === 0 ? [root] : paths.map((path) => resolve(root, path))
  for (const folder of leanedOn(root, starts)) for (const file of filesUnder(folder)) found.add(file)

  const { python = [], yaml = [] } = Object.groupBy([...found].sort(compareText), (path) =>
    PYTHON_FILE.test(basename(path)) ? 'python' : 'yaml',
  )
  const isReal = realFolders()
  const told = yaml.map((path) => ({ path, leads: leads(root, path, isReal) }))
  const inside = told.flatMap((each) => (each.leads === 'inside' ? [each.path] : []))
  return {
    specs: inside.filter((file) => !SIDE_FILE.test(file)),
    sideFiles: inside.filter((file) => SIDE_FILE.test(file)),
    python,
    outside: outside
      .filter(
        (file) =>
          !PYTHON_FILE.test(basename(file)) && !SIDE_FILE.test(file) && !found.has(file) && isFile(file),
      )
      .sort(compareText),
    links: told.flatMap(({ path, leads }) => (leads === 'inside' ? [] : [{ path, leads }])),
  }
}

/** Path for people: relative to the root, with forward slashes. */
export function projectPath(root: string, file: string): string {
  return relative(root, file).split(sep).join('/')
}

/** Where the expectations of a spec may stand beside it. */
export function sideFilesOf(spec: string): string[] {
  const stem = spec.replace(/\.[^.]+$/, '')
  return [`${stem}.expect.yml`, `${stem}.expect.yaml`]
}

/** The specs to which a side file may belong. */
export function specsOf(sideFile: string): string[] {
  const stem = sideFile.replace(SIDE_FILE, '')
  return [`${stem}.yml`, `${stem}.yaml`]
}

function isSearched(folder: string): boolean {
  if (folder === '') return true
  const path = folder.split(sep).join('/')
  return /^detections(?:\/|$)/.test(path) || isSearchedUpstream(path)
}

/** Whether Panther's tool, run on `.`, enters the folder, given relative to the root with forward slashes. */
export function isSearchedUpstream(folder: string): boolean {
  return folder === '' || SEARCHED.some((pattern) => pattern.test(`./${folder}`))
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) {
    throw new UserError(`${path} does not exist`, { hint: 'paths are relative to the project' })
  }
  if (statSync(path).isDirectory()) return filesUnder(path)
  if (!/\.y[^.]*ml$/.test(path)) {
    throw new UserError(`${path} is not a YAML file`, { hint: 'name the spec, not its Python file' })
  }
  return [path, ...sideFilesOf(path).filter((file) => existsSync(file))]
}

/** Linked folders are not entered, so that no loop of links can be walked; they, and links to nowhere, are told. */
function filesUnder(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const { name } = entry
    if (name.startsWith('.') || NEVER.has(name)) return []
    const path = join(folder, name)
    if (entry.isDirectory()) return filesUnder(path)
    const isLink = entry.isSymbolicLink()
    const isOne = (YAML_FILE.test(name) || PYTHON_FILE.test(name)) && (isLink || entry.isFile())
    return isOne || (isLink && isFolder(path)) ? [path] : []
  })
}

/** None of a folder that can't be read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** False also for a link that leads nowhere or to itself. */
function isFile(path: string): boolean {
  return statOf(path)?.isFile() ?? false
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null
  }
}

/** Helpers and data models in, beside and above the paths, up to the folder that holds the project. */
function leanedOn(root: string, starts: readonly string[]): string[] {
  const bases = new Set([root, dirname(root), join(root, 'detections')])
  for (const start of starts) {
    for (let at = start; isWithin(root, at); at = dirname(at)) bases.add(at)
    bases.add(start).add(dirname(start))
  }
  return [...bases].flatMap((base) => LEANED_ON.map((name) => join(base, name))).filter(existsSync)
}

export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

/** Inside: the file, its links followed, lies in the project or still in the folder in which it was found. */
function leads(root: string, path: string, isReal: (folder: string) => boolean): Leads {
  // Most files: to follow the whole path of each takes ten times as long.
  if (isReal(dirname(path)) && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false)
    return 'inside'
  const real = realPath(path)
  if (real === path) return 'inside'
  if (real === null) return 'nowhere'
  if (isFolder(path)) return 'to-folder'
  const stays = [root, dirname(path)].some((folder) => isWithin(realpathSync.native(folder), real))
  return stays ? 'inside' : 'outside'
}

/** Whether nothing on the way to a folder is a link, asked once for each. */
function realFolders(): (folder: string) => boolean {
  const known = new Map<string, boolean>()
  return (folder) => {
    const isReal = known.get(folder) ?? realPath(folder) === folder
    known.set(folder, isReal)
    return isReal
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync.native(path)
  } catch {
    return null
  }
}

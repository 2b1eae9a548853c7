/** Finds analysis files, as Panther's layout has them. Reads names only, never what is in a file. */
import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { isFile, isFolder, isLink, realPath } from '../files/path-kind.ts'
import { liesIn, outsideReason } from '../files/project-file.ts'
import { isWithin } from '../files/within.ts'
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
  /** Where all of these may lie, links followed: the root, and what the user named beside it. */
  readonly folders: readonly string[]
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
  for (const path of paths) for (const file of filesOf(root, resolve(root, path))) found.add(file)
  const starts = paths.length === 0 ? [root] : paths.map((path) => resolve(root, path))
  const { near, far } = leanedOn(root, starts)
  for (const folder of near) for (const file of filesUnder(folder)) found.add(file)
  const folders = [...new Set([root, ...starts.map(folderOf), ...near])].filter(
    (folder) => folder === root || !isWithin(root, folder),
  )

  const { python = [], yaml = [] } = Object.groupBy([...found].sort(compareText), (path) =>
    PYTHON_FILE.test(basename(path)) ? 'python' : 'yaml',
  )
  const isReal = realFolders()
  const told = [...new Set([...yaml, ...far])].map((path) => ({ path, leads: leads(folders, path, isReal) }))
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
    folders,
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

function filesOf(root: string, path: string): string[] {
  if (!existsSync(path)) {
    throw new UserError(`${path} does not exist`, { hint: 'paths are relative to the project' })
  }
  if (isWithin(root, path) && !liesIn([root], realPath(path) ?? path)) {
    throw new UserError(`${path} ${outsideReason(path)}`, { hint: 'name the file or folder that is meant' })
  }
  if (isFolder(path)) return filesUnder(path)
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

/** The folder that a path names, or in which the file that it names lies. */
function folderOf(path: string): string {
  return isFolder(path) ? path : dirname(path)
}

/**
 * Helpers and data models in, beside and above the paths, up to the folder that holds the project.
 * @returns near: those that lie where they were found, links followed; far: links to somewhere else.
 */
function leanedOn(root: string, starts: readonly string[]): { near: string[]; far: string[] } {
  const bases = new Set([root, dirname(root), join(root, 'detections')])
  for (const start of starts) {
    for (let at = start; isWithin(root, at); at = dirname(at)) bases.add(at)
    bases.add(start).add(dirname(start))
  }
  const all = [...bases].flatMap((base) =>
    LEANED_ON.map((name) => ({ path: join(base, name), limit: isWithin(root, base) ? root : base })),
  )
  const { near = [], far = [] } = Object.groupBy(
    all.filter(({ path }) => isFolder(path)),
    ({ path, limit }) => (liesIn([limit], realPath(path) ?? path) ? 'near' : 'far'),
  )
  return { near: near.map(({ path }) => path), far: far.map(({ path }) => path) }
}

/** Inside: the file, its links followed, lies in one of the folders. */
function leads(folders: readonly string[], path: string, isReal: (folder: string) => boolean): Leads {
  // Most files: to follow the whole path of each takes ten times as long.
  if (isReal(dirname(path)) && !isLink(path)) return 'inside'
  const real = realPath(path)
  if (real === path) return 'inside'
  if (real === null) return 'nowhere'
  if (isFolder(path)) return 'to-folder'
  return liesIn(folders, real) ? 'inside' : 'outside'
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

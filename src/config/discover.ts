/** Finds analysis files, as Panther's layout has them. Reads names only, never what is in a file. */
import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { compareText } from '../model/compare-text.ts'

export interface Discovered {
  /** Absolute paths of possible specs, sorted. */
  readonly specs: readonly string[]
  /** `*.expect.yml` files among them. */
  readonly sideFiles: readonly string[]
  /** YAML files outside the folders that are searched. */
  readonly outside: readonly string[]
  /** Links that lead out of the project. */
  readonly escaping: readonly string[]
}

const SIDE_FILE = /\.expect\.ya?ml$/
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
    for (const file of yamlFilesUnder(root)) {
      if (isSearched(relative(root, dirname(file)))) found.add(file)
      else outside.push(file)
    }
  }
  for (const path of paths) for (const file of filesOf(resolve(root, path))) found.add(file)
  const starts = paths.length === 0 ? [root] : paths.map((path) => resolve(root, path))
  for (const folder of leanedOn(root, starts)) for (const file of yamlFilesUnder(folder)) found.add(file)

  const sorted = [...found].sort(compareText)
  const { inside = [], escaping = [] } = Object.groupBy(sorted, (file) =>
    staysInside(root, file) ? 'inside' : 'escaping',
  )
  return {
    specs: inside.filter((file) => !SIDE_FILE.test(file)),
    sideFiles: inside.filter((file) => SIDE_FILE.test(file)),
    outside: outside.filter((file) => !SIDE_FILE.test(file) && !found.has(file)).sort(compareText),
    escaping,
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
  if (statSync(path).isDirectory()) return yamlFilesUnder(path)
  if (!/\.y[^.]*ml$/.test(path)) {
    throw new UserError(`${path} is not a YAML file`, { hint: 'name the spec, not its Python file' })
  }
  return [path, ...sideFilesOf(path).filter((file) => existsSync(file))]
}

/** Linked folders are not entered, so that no loop of links can be walked; linked files are read. */
function yamlFilesUnder(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const { name } = entry
    if (name.startsWith('.') || NEVER.has(name)) return []
    const path = join(folder, name)
    if (entry.isDirectory()) return yamlFilesUnder(path)
    const isOne = YAML_FILE.test(name) && (entry.isFile() || (entry.isSymbolicLink() && isFile(path)))
    return isOne ? [path] : []
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
  try {
    return statSync(path).isFile()
  } catch {
    return false
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

/** The file, its links followed, lies in the project or still in the folder in which it was found. */
function staysInside(root: string, file: string): boolean {
  const real = realpathSync.native(file)
  return real === file || [root, dirname(file)].some((folder) => isWithin(realpathSync.native(folder), real))
}

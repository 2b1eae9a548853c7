/** Finds analysis files, as Panther's layout has them. Reads names only, never what is in a file. */
import { existsSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { compareText } from '../../core/compare-text.ts'
import { UserError } from '../../errors.ts'
import { isFile, isFolder, isLink, realPath } from '../../files/path-kind.ts'
import { liesIn, outsideReason } from '../../files/project-file.ts'
import { isWithin } from '../../files/within.ts'
import { type FoundFiles, findEntries, findFiles, isPython, isYaml, patternBase } from './find-files.ts'

export interface Discovered {
  /** Absolute paths of possible specs, sorted. */
  readonly specs: readonly string[]
  /** `*.expect.yml` files among them. */
  readonly expectationsFiles: readonly string[]
  /** Python files in the same folders. */
  readonly python: readonly string[]
  /** The Python files that are links. */
  readonly pythonLinks: ReadonlySet<string>
  /** YAML files outside the folders that are searched. */
  readonly outside: readonly string[]
  /** Links that are not followed. */
  readonly links: readonly { readonly path: string; readonly leads: Exclude<LinkTarget, 'inside'> }[]
  /** Every file must be in one of these folders, links followed: the root, and what the user named beside it. */
  readonly folders: readonly string[]
}

type LinkTarget = 'inside' | 'outside' | 'to-folder' | 'nowhere'

const EXPECTATIONS_FILE = /\.expect\.ya?ml$/
const EVERYTHING = ['**']

/**
 * Panther searches with the argument `.` the root itself, everything below a folder whose name contains one of these
 * words, and folders that have one of these names.
 */
const SEARCHED_WORDS = ['data_models', 'lookup_tables', 'rules', 'policies', 'queries', 'scheduled_prompts']
const SEARCHED_NAMES = ['global_helpers', 'packs']
const SEARCHED_BY_PAT = [
  '*.{y*ml,py}',
  ...SEARCHED_WORDS.map((word) => `**/*${word}*/**`),
  ...SEARCHED_NAMES.map((name) => `**/${name}/*`),
]
const SEARCHED = [...SEARCHED_BY_PAT, 'detections/**']
const DEPENDENCY_FOLDERS = ['global_helpers', 'data_models']

/** Finds the files of the whole project, or of `paths` with the helpers and data models near them. */
export async function discover(root: string, paths: readonly string[] = []): Promise<Discovered> {
  const named = await Promise.all(paths.map((path) => findNamed(root, path)))
  const isWhole = paths.length === 0
  const starts = isWhole ? [root] : named.flatMap((each) => each.starts)
  const { near, far } = dependenciesOf(root, starts)
  const all = [
    isWhole ? await findFiles(root, SEARCHED, { mustRead: isSearchedFolder }) : NO_FILES,
    ...named.map((each) => each.found),
    ...(await Promise.all(near.map((folder) => findFiles(folder, EVERYTHING, { mustRead: () => true })))),
  ]
  const found = [...new Set(all.flatMap(({ files }) => files))].sort(compareText)
  const { python = [], yaml = [] } = Object.groupBy(found, (path) =>
    isPython(basename(path)) ? 'python' : 'yaml',
  )
  const folders = [root, ...starts.map(folderOf), ...near].filter(
    (folder, index, each) => each.indexOf(folder) === index && (folder === root || !isWithin(root, folder)),
  )
  const isReal = realFolders()
  const linked = all.flatMap(({ links }) => links).filter((path) => isFolder(path) && !near.includes(path))
  const located = [...new Set([...yaml, ...linked, ...far])]
    .sort(compareText)
    .map((path) => ({ path, leads: linkTarget(folders, path, isReal) }))
  const inside = located.flatMap((each) => (each.leads === 'inside' ? [each.path] : []))
  return {
    specs: inside.filter((file) => !EXPECTATIONS_FILE.test(file)),
    expectationsFiles: inside.filter((file) => EXPECTATIONS_FILE.test(file)),
    python,
    pythonLinks: new Set(all.flatMap(({ linkedFiles }) => linkedFiles)),
    outside: isWhole ? await outsideOf(root, new Set(found)) : [],
    links: located.flatMap(({ path, leads }) => (leads === 'inside' ? [] : [{ path, leads }])),
    folders,
  }
}

/** Whether files in this folder are found by `SEARCHED`. The path is relative to the root. */
function isSearchedFolder(path: string): boolean {
  const folders = path.split('/')
  return (
    path === '' ||
    folders[0] === 'detections' ||
    SEARCHED_NAMES.includes(folders.at(-1)!) ||
    folders.some((name) => SEARCHED_WORDS.some((word) => name.includes(word)))
  )
}

const NO_FILES: FoundFiles = { files: [], links: [], linkedFiles: [] }

/** The YAML files outside the searched folders. */
async function outsideOf(root: string, found: ReadonlySet<string>): Promise<string[]> {
  const { files } = await findFiles(root, ['**/*.y*ml'], { without: SEARCHED })
  return files
    .filter((file) => !EXPECTATIONS_FILE.test(file) && !found.has(file) && isFile(file))
    .sort(compareText)
}

/** The path that problems show: relative to the root, with forward slashes. */
export function projectPath(root: string, file: string): string {
  const prefix = root.endsWith(sep) ? root : `${root}${sep}`
  // Most files are below the root, and cutting its path off takes a tenth of the time of comparing paths.
  const path = file.startsWith(prefix) ? file.slice(prefix.length) : relative(root, file)
  return path.split(sep).join('/')
}

/** The paths that the expectations file of a spec can have. */
export function expectationsFilesOf(spec: string): string[] {
  const stem = spec.replace(/\.[^.]+$/, '')
  return [`${stem}.expect.yml`, `${stem}.expect.yaml`]
}

/** The paths that the spec of an expectations file can have. */
export function specsOf(expectationsFile: string): string[] {
  const stem = expectationsFile.replace(EXPECTATIONS_FILE, '')
  return [`${stem}.yml`, `${stem}.yaml`]
}

/** The files that Panther's tool, run on `.`, finds, with paths relative to the root. */
export async function filesSearchedByPat(root: string): Promise<ReadonlySet<string>> {
  const { files } = await findFiles(root, SEARCHED_BY_PAT)
  return new Set(files.map((file) => projectPath(root, file)))
}

interface NamedFiles {
  readonly found: FoundFiles
  /** The files and folders that the text names. */
  readonly starts: readonly string[]
}

/** Finds the files of a command-line path: a spec, a folder with everything below it, or the matches of a pattern. */
async function findNamed(root: string, text: string): Promise<NamedFiles> {
  const path = resolve(root, text)
  if (existsSync(path)) {
    assertInside(root, path)
    return { found: await filesOf(path), starts: [path] }
  }
  // On Windows a backslash separates folders; elsewhere it escapes a character of a pattern.
  const pattern = sep === '\\' ? text.replaceAll(sep, '/') : text
  const base = await patternBase(pattern)
  if (base === null)
    throw new UserError(`${path} not found`, {
      code: 'unknown-path',
      hint: 'give a path relative to the project',
    })
  assertInside(root, resolve(root, base))
  const entries = await findEntries(root, [pattern])
  const starts = entries
    .filter(({ name, dirent }) => dirent.isDirectory() || dirent.isSymbolicLink() || isYaml(name))
    .map((entry) => resolve(root, entry.path))
  if (starts.length === 0) {
    throw new UserError(`no directory or YAML file matches ${text}`, {
      code: 'unknown-path',
      hint: 'give a pattern relative to the project, for example rules/aws_* or rules/**/*.yml',
    })
  }
  const links = starts.filter((start) => isLink(start) && !isYaml(basename(start)))
  const followed = starts.filter((start) => !links.includes(start))
  const each = await Promise.all(followed.map(filesOf))
  return {
    found: {
      files: each.flatMap(({ files }) => files),
      links: [...links, ...each.flatMap(({ links }) => links)],
      linkedFiles: [],
    },
    starts: followed,
  }
}

async function filesOf(path: string): Promise<FoundFiles> {
  if (isFolder(path)) return findFiles(path, EVERYTHING, { mustRead: () => true })
  if (!/\.y[^.]*ml$/.test(path)) {
    throw new UserError(`${path} is not a YAML file`, {
      code: 'not-a-spec',
      hint: 'name the spec, not its Python file, and quote patterns such as "rules/aws_*"',
    })
  }
  const files = [path, ...expectationsFilesOf(path).filter((file) => existsSync(file))]
  return { files, links: [], linkedFiles: [] }
}

/** Refuses a path of the project that is a link to the outside, because a stranger may have made it. */
function assertInside(root: string, path: string): void {
  if (!isWithin(root, path) || liesIn([root], realPath(path) ?? path)) return
  throw new UserError(`${path} ${outsideReason(path)}`, {
    code: 'outside-project',
    hint: 'name the file or directory itself',
  })
}

/** The folder that a path names, or in which the file that it names lies. */
function folderOf(path: string): string {
  return isFolder(path) ? path : dirname(path)
}

/**
 * Helpers and data models in, beside and above the paths, up to the folder that holds the project.
 * @returns near: those that lie where they were found, links followed; far: links to somewhere else.
 */
function dependenciesOf(root: string, starts: readonly string[]): { near: string[]; far: string[] } {
  const bases = new Set([root, dirname(root), join(root, 'detections')])
  for (const start of starts) {
    for (let at = start; isWithin(root, at); at = dirname(at)) bases.add(at)
    bases.add(start).add(dirname(start))
  }
  const all = [...bases].flatMap((base) =>
    DEPENDENCY_FOLDERS.map((name) => ({ path: join(base, name), limit: isWithin(root, base) ? root : base })),
  )
  const { near = [], far = [] } = Object.groupBy(
    all.filter(({ path }) => isFolder(path)),
    ({ path, limit }) => (liesIn([limit], realPath(path) ?? path) ? 'near' : 'far'),
  )
  return { near: near.map(({ path }) => path), far: far.map(({ path }) => path) }
}

/** Returns where a path leads. `inside` means that the file, links followed, is in one of the folders. */
function linkTarget(
  folders: readonly string[],
  path: string,
  isReal: (folder: string) => boolean,
): LinkTarget {
  // This covers most files: to resolve the whole path of each takes ten times as long.
  if (isReal(dirname(path)) && !isLink(path)) return 'inside'
  const real = realPath(path)
  if (real === path) return 'inside'
  if (real === null) return 'nowhere'
  if (isFolder(path)) return 'to-folder'
  return liesIn(folders, real) ? 'inside' : 'outside'
}

/** Returns whether the path of a folder has no links. Each folder is examined once. */
function realFolders(): (folder: string) => boolean {
  const known = new Map<string, boolean>()
  return (folder) => {
    const isReal = known.get(folder) ?? realPath(folder) === folder
    known.set(folder, isReal)
    return isReal
  }
}

/** Finds files by glob patterns. Reads names only, enters no link and nothing that is hidden or generated. */

import { type Dirent, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { Entry, Options } from 'fast-glob'

/** Files that may be specs or expectations, and Python files. */
const YAML_FILE = /^[^.].*\.y.*ml$/
const PYTHON_FILE = /^[^.].*\.py$/

/** Files in these folders, and files of these names, are never detections. */
const IGNORED = ['**/node_modules', '**/__pycache__', '**/dependabot.yml']

export interface FoundFiles {
  /** Absolute paths; links to files are among them, and links that lead nowhere. */
  readonly files: readonly string[]
  /** Absolute paths of links whose names are not those of files; they may lead to folders. */
  readonly links: readonly string[]
  /** The files that are links. */
  readonly linkedFiles: readonly string[]
}

interface SearchLimits {
  /** Patterns of excluded paths. */
  readonly without?: readonly string[]
  /** Whether a folder, by its path relative to the one searched, may not be skipped because it cannot be read. */
  readonly mustRead?: (path: string) => boolean
}

/**
 * The YAML and Python files, and the links, that match one of the patterns.
 * @param folder absolute; the patterns are relative to it.
 * @throws the error of the file system for a folder that must be read and cannot be.
 */
export async function findFiles(
  folder: string,
  patterns: readonly string[],
  limits: SearchLimits = {},
): Promise<FoundFiles> {
  const entries = await findEntries(folder, patterns, limits)
  const files: string[] = []
  const links: string[] = []
  const linkedFiles: string[] = []
  for (const { name, path, dirent } of entries) {
    const isLink = dirent.isSymbolicLink()
    const isNamed = YAML_FILE.test(name) || PYTHON_FILE.test(name)
    if (isNamed && isLink) linkedFiles.push(join(folder, path))
    if (isNamed && (isLink || dirent.isFile())) files.push(join(folder, path))
    else if (isLink) links.push(join(folder, path))
  }
  return { files, links, linkedFiles }
}

/** Files and folders alike, with paths relative to the folder. */
export async function findEntries(
  folder: string,
  patterns: readonly string[],
  { without = [], mustRead = () => false }: SearchLimits = {},
): Promise<Entry[]> {
  const { default: glob } = await import('fast-glob')
  const failures: unknown[] = []
  // A folder that cannot be read holds nothing, unless it must be read.
  const readFolder = (path: string, options: { withFileTypes: true }): Dirent[] => {
    try {
      return readdirSync(path, options)
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (!isGone && mustRead(relative(folder, path).split(sep).join('/'))) failures.push(error)
      throw error
    }
  }
  const options: Options & { readonly objectMode: true } = {
    cwd: folder,
    ignore: [...IGNORED, ...without],
    objectMode: true,
    onlyFiles: false,
    followSymbolicLinks: false,
    suppressErrors: true,
    fs: { readdirSync: readFolder as typeof readdirSync },
  }
  const entries = glob.sync([...patterns], options)
  if (failures.length > 0) throw failures[0]
  return entries
}

/** The folder at the beginning of a pattern; null: the text is a path without a pattern. */
export async function patternBase(text: string): Promise<string | null> {
  const { default: glob } = await import('fast-glob')
  if (!glob.isDynamicPattern(text)) return null
  return glob.generateTasks(text)[0]?.base ?? '.'
}

export function isPython(name: string): boolean {
  return PYTHON_FILE.test(name)
}

export function isYaml(name: string): boolean {
  return YAML_FILE.test(name)
}

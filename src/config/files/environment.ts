/** The one reader of the process's environment, with an optional `.env` file below it. */
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { UserError } from '../../errors.ts'
import { errorCodeOf, foldersFor } from '../../files/project-file.ts'
import { CACHE_FOLDER_SCRIPT } from '../../installed-files.ts'
import { readText } from './source-text.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The file of `--env-file`, and the project that it belongs to. */
interface EnvFileOptions {
  readonly root: string
  readonly envFile?: string
}

/**
 * The process's variables win over the file, as with Node's own `--env-file`. A file in the project must stay in it, links
 * followed: a pull request can put a link at the name that a pipeline uses.
 */
export function processEnvironment({ root, envFile }: EnvFileOptions = { root: '.' }): Environment {
  if (envFile === undefined) return { ...process.env }
  const path = resolve(envFile)
  const read = readText(path, foldersFor(resolve(root), path))
  if (!('text' in read))
    throw new UserError(`the env file ${envFile} ${read.reason}`, {
      code: errorCodeOf(read, 'unreadable-env-file'),
    })
  const line = badLine(read.text)
  if (line !== null) {
    throw new UserError(`invalid line ${envFile}:${line}: expected NAME=value`, {
      code: 'invalid-env-file',
      hint: 'write NAME=value, a comment that begins with #, or an empty line',
    })
  }
  return { ...parseEnv(read.text), ...process.env }
}

/** The number of the first line that the parser would ignore. Its text is not shown, because it may be a secret. */
function badLine(text: string): number | null {
  const lineEnds = (value: string) => value.replaceAll(/[^\n]/g, '')
  // A quoted value may have several lines.
  const plain = text.replaceAll(
    /(=[ \t]*)(["'`])[\s\S]*?\2/g,
    (value, equals: string) => equals + lineEnds(value),
  )
  const assignment = /^\s*(?:#.*|(?:export\s+)?[\w.-]+\s*=.*)?$/
  const at = plain.split(/\r?\n/).findIndex((line) => !assignment.test(line))
  return at === -1 ? null : at + 1
}

/** The package index that `python add` asks. */
export function pythonIndex({ SIGNALBOX_PYTHON_INDEX }: Environment): string {
  return SIGNALBOX_PYTHON_INDEX || 'https://pypi.org/simple/'
}

/** The launcher has the same rule, and applies it before any of this is loaded. */
const { PARTS, cacheFolder, projectsOf } = createRequire(import.meta.url)(
  CACHE_FOLDER_SCRIPT,
) as typeof import('../../../bin/cache-folder.cjs')

export interface SnapshotFolder {
  readonly folder: string
  /** Why it is not used; null: it is. */
  readonly refusal: string | null
}

/**
 * The folder of snapshots. It is in the user's cache, never in the repository.
 * @param projects folders of projects, beside those that the command names.
 */
export function snapshotFolder(environment: Environment, ...projects: readonly string[]): SnapshotFolder {
  const named = projectsOf(process.argv.slice(2))
  const { folder, refusal } = cacheFolder(environment, [...named, ...projects])
  return { folder: join(folder, PARTS.snapshots), refusal }
}

/** The folder of snapshots; null if nothing may be kept. */
export function snapshotDirectory(environment: Environment, ...projects: readonly string[]): string | null {
  const { folder, refusal } = snapshotFolder(environment, ...projects)
  return refusal === null ? folder : null
}

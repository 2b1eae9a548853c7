/** Resolves the paths of pure-Python packages. A path from a project's own file must be in the project. */
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { isFile, isFolder, realPath } from '../../files/path-kind.ts'
import { liesIn, readProjectFile } from '../../files/project-file.ts'
import { projectPath } from '../files/discover.ts'
import type { Environment } from '../files/environment.ts'
import type { ProblemList } from '../files/problems.ts'
import { MAX_FILE_BYTES } from '../files/source-text.ts'
import { child } from '../yaml/yaml.ts'
import type { SettingsDocument } from './load-settings.ts'

/** `signalbox python add` unpacks packages here, and keeps a copy of the lock beside them. */
export const PACKAGES_FOLDER = '.signalbox/python'
export const PACKAGES_LOCK = 'python-packages.lock'

interface DeclaredPaths {
  /** The values of `--python-path`. They and `SIGNALBOX_PYTHON_PATH` may name any path of the machine. */
  readonly flags: readonly string[]
  readonly environment: Environment
  /** signalbox.yaml; null if there is none or it has errors. */
  readonly document: SettingsDocument | null
}

/** Absolute paths, earlier ones first on the import path. */
export function pythonPaths(
  root: string,
  { flags, environment, document }: DeclaredPaths,
  problems: ProblemList,
): string[] {
  const inEnvironment = environment.SIGNALBOX_PYTHON_PATH?.split(delimiter) ?? []
  const asked = [...flags, ...inEnvironment.filter((path) => path !== '')]
  const paths = [
    ...asked.map((path) => resolveOption(resolve(root, path), path)),
    ...(document ? filePaths(root, document, problems) : []),
    ...fetchedPackages(root, problems),
  ]
  return [...new Set(paths)]
}

function resolveOption(path: string, asWritten: string): string {
  const reason = unusable(path)
  if (reason === null) return path
  throw new UserError(`the Python path ${asWritten} ${reason}`, {
    code: 'invalid-python-path',
    hint: 'name a directory of pure-Python packages, or a .whl file',
  })
}

function filePaths(root: string, { source, node }: SettingsDocument, problems: ProblemList): string[] {
  const python = child(node, 'python')
  const paths = python?.kind === 'mapping' ? child(python, 'paths') : undefined
  if (paths?.kind !== 'sequence') return []
  return paths.items.flatMap((item) => {
    if (item.kind !== 'scalar') return []
    const path = resolve(root, item.text)
    const reason = unusable(path) ?? (isInside(root, path) ? null : 'is outside the project')
    if (reason === null) return [path]
    const hint = reason.endsWith('outside the project')
      ? 'name packages outside the project with --python-path or SIGNALBOX_PYTHON_PATH'
      : null
    problems.error(source, item.offset, {
      code: 'python-path',
      message: `the path ${item.text} ${reason}`,
      hint,
    })
    return []
  })
}

function unusable(path: string): string | null {
  if (isFolder(path) || (isFile(path) && path.endsWith('.whl'))) return null
  return existsSync(path) ? 'is neither a directory nor a wheel' : 'does not exist'
}

function isInside(root: string, path: string): boolean {
  const real = realPath(path)
  return real !== null && liesIn([root], real)
}

/** Warns about missing or old packages, which otherwise show only as failed imports. */
function fetchedPackages(root: string, problems: ProblemList): string[] {
  const folder = join(root, PACKAGES_FOLDER)
  const lock = join(root, PACKAGES_LOCK)
  const wanted = textOf(root, lock)
  if (wanted !== null && wanted !== textOf(root, join(folder, PACKAGES_LOCK))) {
    problems.file('warning', projectPath(root, lock), {
      code: 'python-packages',
      message: `${PACKAGES_FOLDER} does not contain the packages of this lock`,
      hint: 'run: signalbox python sync',
    })
  }
  return unusable(folder) === null && isInside(root, folder) ? [folder] : []
}

/** null: there is no such file, or it cannot be read; then packages are not those of the lock. */
function textOf(root: string, path: string): string | null {
  const read = readProjectFile(path, { folders: [root], maxBytes: MAX_FILE_BYTES })
  return 'bytes' in read ? read.bytes.toString('utf8') : null
}

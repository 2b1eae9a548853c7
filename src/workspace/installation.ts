/** Finds the origin of this installation, so that a new repository can depend on the same package. */
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { readProjectFile } from '../files/project-file.ts'

/** npm records the origin of installed packages in this file. A global installation has no such file. */
const NPM_RECORD = '.package-lock.json'
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/**
 * The dependency as `package.json` of the project has it: an exact version, a git or tarball address, or `file:` with a
 * path from the project. Undefined when it is unknown.
 * @param packageFolder the folder of this package, with links followed.
 */
export function installedDependency(
  project: string,
  { packageFolder, version }: { readonly packageFolder: string; readonly version: string },
): string | undefined {
  if (basename(dirname(packageFolder)) !== 'node_modules') return fileDependency(project, packageFolder)
  const modules = dirname(packageFolder)
  const origin = recordedOrigin(modules)
  if (origin?.endsWith(`/signalbox/-/signalbox-${version}.tgz`)) return version
  if (origin?.startsWith('file:')) return rebase(origin, dirname(modules), project)
  return origin ?? declaredAbove(project)
}

/** True for a path that leads out of the project: another machine, such as that of CI, does not have the file. */
export function leadsOut(dependency: string): boolean {
  return dependency.startsWith('file:..')
}

/** The specifier of Signalbox in the `package.json` of a folder. */
export function declaredDependency(folder: string): string | undefined {
  const { dependencies, devDependencies } = (readJson(folder, 'package.json') ?? {}) as Manifest
  return devDependencies?.signalbox ?? dependencies?.signalbox
}

function recordedOrigin(modules: string): string | undefined {
  const record = readJson(modules, NPM_RECORD) as
    | { packages?: Record<string, { resolved?: string }> }
    | undefined
  return record?.packages?.['node_modules/signalbox']?.resolved
}

function declaredAbove(project: string): string | undefined {
  for (let folder = resolve(project); ; folder = dirname(folder)) {
    const declared = declaredDependency(folder)
    if (declared !== undefined) return rebase(declared, folder, project)
    if (dirname(folder) === folder) return undefined
  }
}

function rebase(dependency: string, from: string, project: string): string {
  return dependency.startsWith('file:')
    ? fileDependency(project, resolve(from, dependency.slice('file:'.length)))
    : dependency
}

function fileDependency(project: string, path: string): string {
  const way = relative(resolve(project), path).split(sep).join('/')
  return `file:${way || '.'}`
}

/** A file that is missing, broken or a link out of its folder says nothing about the installation. */
function readJson(folder: string, name: string): unknown {
  const read = readProjectFile(join(folder, name), { folders: [folder], maxBytes: MAX_MANIFEST_BYTES })
  if (!('bytes' in read)) return undefined
  try {
    return JSON.parse(read.bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

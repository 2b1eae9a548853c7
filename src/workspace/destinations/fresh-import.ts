/**
 * Imports a module of a project, and imports it again when one of its files has changed. Node keeps each URL that it has
 * imported, so each import gives the module and the files that it imports an id in their URLs, by which a hook knows them.
 */
import { createRequire, findPackageJSON, type ResolveFnOutput, registerHooks } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MAX_FILE_BYTES } from '../../config/files/source-text.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { realPath } from '../../files/path-kind.ts'
import { readProjectFile } from '../../files/project-file.ts'
import { isWithin } from '../../files/within.ts'
import { PUBLIC_MODULES } from '../../installed-files.ts'

/** A file, by a path that begins with a dot, or a package. */
export interface ModuleName {
  /** The folder to which a path is relative, and from which a package is resolved. */
  readonly root: string
  readonly name: string
}

export interface ImportedModule {
  readonly exported: { readonly default?: unknown }
  /** Files that have changed since this process imported them, and whose old code it keeps. */
  readonly staleFiles: readonly string[]
}

interface ModuleImport {
  readonly id: string
  readonly root: string
  /** The files below this folder are imported again, but for those of packages in it. */
  folder: string
  /** The fingerprints of the files when they were imported. */
  readonly files: Map<string, string>
}

const ID = 'signalbox'
const PACKAGE = /^signalbox-package:(\d+):(.*)$/s

/** The imports by their ids: a module can import another one at any time. */
const imports = new Map<string, ModuleImport>()
/** The last import of each module. */
const latest = new Map<string, { readonly of: ModuleImport; readonly exported: ImportedModule['exported'] }>()
/** The first fingerprints of files that cannot be imported again. */
const lasting = new Map<string, string>()

/** Rejects with the error of Node if the module cannot be imported. */
export async function importFresh({ root, name }: ModuleName): Promise<ImportedModule> {
  const key = `${root}\0${name}`
  const before = latest.get(key)
  if (before && isUnchanged(before.of)) {
    return { exported: before.exported, staleFiles: staleFilesOf(before.of) }
  }
  if (imports.size === 0) registerHooks({ resolve: resolveImport })
  const folder = realPath(root) ?? resolve(root)
  const next: ModuleImport = { id: String(imports.size + 1), root: folder, folder, files: new Map() }
  imports.set(next.id, next)
  const isFile = name.startsWith('.')
  const url = isFile
    ? tracked(next, pathToFileURL(resolve(root, name)).href)
    : `${ID}-package:${next.id}:${name}`
  const exported = (await import(url)) as ImportedModule['exported']
  latest.set(key, { of: next, exported })
  return { exported, staleFiles: staleFilesOf(next) }
}

type ResolveImport = NonNullable<Parameters<typeof registerHooks>[0]['resolve']>

const resolveImport: ResolveImport = (specifier, context, nextResolve): ResolveFnOutput => {
  const [, packageId, packageName] = PACKAGE.exec(specifier) ?? []
  const current = imports.get(packageId ?? idOf(context.parentURL))
  if (!current) return nextResolve(specifier, context)
  // The contract is that of the program which runs the code, also where the project has not installed this package.
  const own = PUBLIC_MODULES.get(specifier)
  if (own !== undefined) return { url: own, shortCircuit: true }
  if (packageName === undefined) return withId(current, nextResolve(specifier, context))
  const parentURL = pathToFileURL(join(current.root, 'destinations.yaml')).href
  const entry = nextResolve(packageName, { ...context, parentURL })
  const manifest = entry.url.startsWith('file:') ? findPackageJSON(entry.url) : undefined
  if (manifest !== undefined) current.folder = dirname(manifest)
  return withId(current, entry)
}

/** The message of an error as it would be if the URLs had no ids. */
export function withoutImportIds(message: string): string {
  return message.replaceAll(/[?&]signalbox=\d+/g, '')
}

function idOf(url: string | undefined): string {
  return url?.startsWith('file:') ? (new URL(url).searchParams.get(ID) ?? '') : ''
}

function withId(current: ModuleImport, resolved: ResolveFnOutput): ResolveFnOutput {
  return resolved.url.startsWith('file:') ? { ...resolved, url: tracked(current, resolved.url) } : resolved
}

/**
 * Notes the file, and returns the URL from which its text is imported. Node keeps the text of the first time, so a later
 * import of the same file, which code can ask for while it sends, must not note a newer one.
 */
function tracked({ id, folder, files }: ModuleImport, url: string): string {
  const path = fileURLToPath(url)
  if (!files.has(path)) files.set(path, fingerprintOf(path))
  if (!belongsTo(folder, path)) return url
  const next = new URL(url)
  next.searchParams.set(ID, id)
  return next.href
}

/** False for the files of other packages, which may be many and share their state. */
function belongsTo(folder: string, path: string): boolean {
  const inner = isWithin(folder, path) ? relative(folder, path) : path
  return !inner.split(sep).includes('node_modules')
}

function isUnchanged({ files }: ModuleImport): boolean {
  return [...files].every(([path, before]) => fingerprintOf(path) === before)
}

/** Node keeps a CommonJS module by its path, and the files of other packages are not imported again. */
function staleFilesOf({ root, folder, files }: ModuleImport): string[] {
  const { cache } = createRequire(import.meta.url)
  return [...files].flatMap(([path, imported]) => {
    if (belongsTo(folder, path) && !(path in cache)) return []
    const first = lasting.get(path) ?? imported
    lasting.set(path, first)
    return fingerprintOf(path) === first ? [] : [relative(root, path)]
  })
}

/** A file that cannot be read has the reason for it as its fingerprint. */
function fingerprintOf(path: string): string {
  const read = readProjectFile(path, { folders: null, maxBytes: MAX_FILE_BYTES })
  return 'bytes' in read ? fingerprint(read.bytes) : read.code
}

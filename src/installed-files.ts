/**
 * The paths of the files of this program that are read or started by their path. It is the only module that derives paths
 * from its own, so all others can move. It works from `src` in a checkout and from `dist` in the package.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A checkout runs TypeScript; the package holds what was compiled from it. */
export const IS_CHECKOUT = import.meta.filename.endsWith('.ts')

/** The folder of the modules: `src` or `dist`. */
export const MODULES_FOLDER = import.meta.dirname

/** The folder of this package. */
export const PACKAGE_FOLDER = join(MODULES_FOLDER, '..')

/** The manifest of this package. */
export const MANIFEST_FILE = join(PACKAGE_FOLDER, 'package.json')

/** The script of the launcher that decides where the cache is. */
export const CACHE_FOLDER_SCRIPT = join(PACKAGE_FOLDER, 'bin', 'cache-folder.cjs')

/** The module that each worker thread starts with. */
export const WORKER_ENTRY = moduleUrl('engine', 'worker', 'worker')

/** The module that the thread for checkpoints of the store starts with. */
export const CHECKPOINT_ENTRY = moduleUrl('store', 'sqlite', 'checkpoint-thread')

/** The Python files that are part of the runtime. */
export const PYTHON_FOLDER = join(MODULES_FOLDER, 'engine', 'python')

/** The numbered migrations of the store. */
export const MIGRATIONS_FOLDER = join(MODULES_FOLDER, 'store', 'migrations')

/** The numbered migrations of the store in PostgreSQL. */
export const POSTGRES_MIGRATIONS_FOLDER = join(MODULES_FOLDER, 'store', 'postgres', 'migrations')

/** The stylesheet and the script of the console. */
export const CONSOLE_FOLDER = join(MODULES_FOLDER, 'server', 'console', 'assets')

/** The modules that code of a project may import, by their names: the URLs in this copy of the program. */
export const PUBLIC_MODULES: ReadonlyMap<string, string> = new Map([
  ['signalbox', moduleUrl('index').href],
  ['signalbox/destination', moduleUrl('destination-api').href],
  ['signalbox/testing', moduleUrl('workspace', 'testing').href],
])

function moduleUrl(...path: readonly string[]): URL {
  return pathToFileURL(`${join(MODULES_FOLDER, ...path)}${IS_CHECKOUT ? '.ts' : '.js'}`)
}

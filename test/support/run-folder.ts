/**
 * The global setup of every project of tests. It makes one folder for the run with a home, a cache and a place for
 * temporary files, and removes it at the end. Nothing depends on what the user already has.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ProvidedContext } from 'vitest'
import type { TestProject } from 'vitest/node'
import { processEnvironment, snapshotFolder } from '../../src/config/files/environment.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of this run. */
    runFolder: string
    /** The user's own cache of Signalbox, and the files that it held before the run. */
    userCache: { readonly folder: string; readonly files: readonly string[] }
  }
}

/** The variables of the user's environment that tests may read: no credentials, no proxies, no options of a CI system. */
const KEPT =
  /^(PATH|PATHEXT|SystemRoot|CI|TERM|COLORTERM|FORCE_COLOR|NO_COLOR|LANG|LC_\w+|TZ|NODE_\w+|VITEST\w*|TEST|DEV|PROD|MODE|SSR|BASE_URL)$/

/** Every project runs this module as a module of its own, in the same process. */
const shared = globalThis as { signalboxRun?: ProvidedContext }

/** The folder in which a command that runs the example project of this checkout keeps its state. */
const CHECKOUT_STATE = join(import.meta.dirname, '..', '..', '.signalbox')

export default function setup(project: TestProject): (() => void) | undefined {
  const run = shared.signalboxRun
  if (run) {
    provide(project, run)
    return
  }
  const userCache = dirname(snapshotFolder(processEnvironment()).folder)
  const outside = [userCache, CHECKOUT_STATE].map((path) => ({ path, files: filesIn(path) }))
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tests-'))
  shared.signalboxRun = { userCache: { folder: userCache, files: filesIn(userCache) }, runFolder: folder }
  provide(project, shared.signalboxRun)
  const before = process.env
  // Workers and commands that start from now on inherit this environment.
  process.env = environment(folder, before)

  return () => {
    process.env = before
    delete shared.signalboxRun
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    const written = outside.flatMap(({ path, files }) =>
      filesIn(path).flatMap((file) => (files.includes(file) ? [] : [join(path, file)])),
    )
    if (written.length > 0)
      throw new Error(`a test wrote outside of the folder of the run: ${written.join(', ')}`)
  }
}

function provide(project: TestProject, { runFolder, userCache }: ProvidedContext): void {
  project.provide('runFolder', runFolder)
  project.provide('userCache', userCache)
}

function environment(folder: string, before: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = {
    HOME: join(folder, 'home'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    TMPDIR: join(folder, 'tmp'),
  }
  for (const path of Object.values(folders)) mkdirSync(path)
  const kept = Object.entries(before).filter(([name]) => KEPT.test(name))
  // Workers that run Python load the same modules again and again.
  return {
    ...Object.fromEntries(kept),
    ...folders,
    NODE_COMPILE_CACHE: join(folder, 'cache', 'signalbox', 'node'),
  }
}

/** Every file below the folder, none where the folder is missing. */
export function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : []
}
